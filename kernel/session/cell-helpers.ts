/**
 * Owns what compiled cells call under the name `$lf`: exports of imported modules, import.meta, the stop after an interrupt.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CellRun } from './cell-context.ts'

export interface CellHelpers {
  /** An export of a module. @throws SyntaxError naming module and export when there is none. */
  pick(module: Record<string, unknown>, name: string, specifier: string): unknown
  /** Hands a value on; throws when the cell was interrupted meanwhile. */
  live<T>(value: T): T
  readonly meta: { url: string; filename: string; dirname: string; resolve(specifier: string): string }
}

/** Thrown into a cell that goes on after it was interrupted. */
export class InterruptedError extends Error {
  override readonly name = 'Interrupted'
  readonly code = 'INTERRUPTED'
}

export function makeCellHelpers(run: CellRun, filename: string): CellHelpers {
  return {
    pick: pickExport,
    live(value) {
      if (run.isStopped) throw new InterruptedError('the cell was interrupted')
      return value
    },
    get meta() {
      const url = pathToFileURL(filename).href
      return { url, filename, dirname: dirname(filename), resolve: (specifier: string) => pathToFileURL(createRequire(filename).resolve(specifier)).href }
    },
  }
}

function pickExport(module: Record<string, unknown>, name: string, specifier: string): unknown {
  if (name in module) return module[name]
  // A CommonJS module whose exports Node's scan did not find: the export is on module.exports.
  const whole = 'module.exports' in module || '__esModule' in module ? module['module.exports'] ?? module.default : undefined
  if (whole !== null && (typeof whole === 'object' || typeof whole === 'function') && name in whole) return (whole as Record<string, unknown>)[name]
  const known = Object.keys(module).filter((key) => key !== 'module.exports')
  const near = known.find((key) => key.toLowerCase() === name.toLowerCase())
  throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${name}'${near === undefined ? '' : ` (there is '${near}')`}`)
}
