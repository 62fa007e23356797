/**
 * Owns what compiled cells call under the name `$lf`: exports of imported modules, import.meta, the stop after an interrupt.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { pickExport } from '../../src/modules/pick-export.ts'
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
