/**
 * Owns how values of the notebook's classes are named when they travel, and found again when they come back.
 */
import type { ClassValue, CodecContext } from '../../src/values/context.ts'
import type { NotebookNames } from './definitions.ts'

/** The codec's view of the session. `extra` holds classes that are about to be bound. */
export function notebookCodec(names: NotebookNames, extra: ReadonlyMap<string, unknown> = new Map()): CodecContext {
  return {
    nameOfClass: (type) => names.nameOfValue(type),
    classNamed: (name) => (extra.get(name) ?? names.valueOf(name)) as ClassValue | undefined,
  }
}
