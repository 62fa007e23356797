/**
 * Owns classes that stand in for those of a notebook in a first reading of encoded values, before the real ones exist.
 */
import { codec } from './context.ts'
import type { ClassValue, CodecContext } from './context.ts'

/** A context that knows every class by a stand-in, and the stand-ins that a reading needed. */
export function standInClasses(): { context: CodecContext; made: ReadonlySet<ClassValue> } {
  const made = new Set<ClassValue>()
  const classNamed = (): ClassValue => {
    const type = class {
      static [codec] = { encode: (value: unknown) => value, decode: () => new type() }
    }
    made.add(type)
    return type
  }
  return { context: { classNamed }, made }
}
