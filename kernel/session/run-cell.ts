/**
 * Owns the run of one compiled cell: its names on globalThis, its start in a turn of its own, its end by value, error or interrupt.
 */
import process from 'node:process'
import { types } from 'node:util'
import { constants, Script } from 'node:vm'
import { toFullMimeBundle, toMimeBundle, type Shown } from '../../src/display/index.ts'
import { endCell, runAsCell, runningCell, type CellRun } from './cell-context.ts'
import { InterruptedError, makeCellHelpers } from './cell-helpers.ts'
import type { CompiledCell } from './protocol.ts'

let rejectRunning: ((error: Error) => void) | null = null

/** Ends the running cell's wait with an interrupt; without one it does nothing. */
export function stopRunningCell(): void {
  const run = runningCell()
  if (run !== null) markStopped(run)
  rejectRunning?.(new InterruptedError('the cell was interrupted; variables keep their values'))
}

/**
 * Runs a cell to its end. Resolves to what its last expression shows, null when nothing.
 * @throws what the cell threw, or InterruptedError, then after `whenClear`: nothing of the interrupt may hit the next cell.
 */
export async function runCell(cell: CompiledCell, run: CellRun, whenClear: () => Promise<void>): Promise<Shown | null> {
  const stopped = new Promise<never>((_resolve, reject) => {
    rejectRunning = reject
  })
  stopped.catch(() => {})
  try {
    // After a termination the promise of the evaluation never settles: only the race ends the cell. It starts in a turn of its own,
    // because the termination of synchronous code takes every caller with it.
    const evaluated = new Promise<Shown | null>((resolve) => setImmediate(() => resolve(evaluate(cell, run))))
    return await Promise.race([evaluated, stopped])
  } catch (error) {
    if (error instanceof InterruptedError) await whenClear()
    throw error
  } finally {
    rejectRunning = null
    endCell(run)
  }
}

async function evaluate(cell: CompiledCell, run: CellRun): Promise<Shown | null> {
  const script = new Script(cell.script, { filename: cell.filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  const body = script.runInThisContext() as (helpers: unknown) => unknown
  const helpers = makeCellHelpers(run, cell.filename)
  defineNames(cell.declared)
  const outcome: unknown = runAsCell(run, () => body(helpers))
  if (types.isPromise(outcome)) {
    const value: unknown = await outcome
    return Array.isArray(value) ? toFullMimeBundle(value[0]) : null
  }
  const shown = showBoxed(outcome)
  return (await shown?.later) ?? shown
}

function showBoxed(outcome: unknown): Shown | null {
  return Array.isArray(outcome) ? toMimeBundle(outcome[0]) : null
}

function markStopped(run: CellRun): void {
  run.isStopped = true
  run.abort.abort(new InterruptedError('the cell was interrupted'))
}

/** Makes each name a plain property of globalThis; what it held stays until the cell assigns it. */
function defineNames(names: readonly string[]): void {
  for (const name of names) {
    const known = Object.getOwnPropertyDescriptor(globalThis, name)
    if (known !== undefined && known.writable === true && known.enumerable === true) continue
    if (known !== undefined && known.configurable === false) continue // NaN, undefined: the assignment says what is wrong
    Object.defineProperty(globalThis, name, { value: known?.value as unknown, writable: true, configurable: true, enumerable: true })
  }
}

/** Evaluates a plain JavaScript expression in the notebook's scope. */
export function evaluateExpression(expression: string): unknown {
  return new Script(`(${expression}\n)`, { filename: `${process.cwd()}/expression.js`, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }).runInThisContext()
}
