/**
 * Owns the run of one compiled cell: its names on globalThis, its start where SIGINT can break it, its end by value, error or interrupt.
 */
import process from 'node:process'
import { types } from 'node:util'
import { constants, Script } from 'node:vm'
import { toFullMimeBundle, toMimeBundle, type Shown } from '../../src/display/index.ts'
import { endCell, runAsCell, runningCell, type CellRun } from './cell-context.ts'
import { InterruptedError, makeCellHelpers } from './cell-helpers.ts'
import { START_FILENAME } from './errors.ts'
import type { CompiledCell } from './protocol.ts'

/** Where the next cell's start waits for the script that SIGINT may break. Not enumerable; the name is one that nobody uses. */
const START = '$lfStart'
const starter = new Script(`${START}()`, { filename: START_FILENAME })
let start: () => unknown = () => undefined
Object.defineProperty(globalThis, START, { value: () => start(), enumerable: false, configurable: false, writable: false })

let rejectRunning: ((error: Error) => void) | null = null

/** Ends the running cell's wait with an interrupt; without one it does nothing. */
export function stopRunningCell(): void {
  const run = runningCell()
  if (run !== null) markStopped(run)
  rejectRunning?.(new InterruptedError('the cell was interrupted; variables keep their values'))
}

/**
 * Runs a cell to its end. Resolves to what its last expression shows, null when nothing.
 * @throws what the cell threw, or InterruptedError. `phase` tells the watcher where SIGINT breaks the code by itself; `onBroken` is called when it did.
 */
export async function runCell(cell: CompiledCell, run: CellRun, phase: Int32Array<SharedArrayBuffer>, onBroken: () => void): Promise<Shown | null> {
  const stopped = new Promise<never>((_resolve, reject) => {
    rejectRunning = reject
  })
  stopped.catch(() => {})
  try {
    // The race also covers a termination inside our own continuation, after which that promise would never settle.
    return await Promise.race([evaluate(cell, run, phase, onBroken), stopped])
  } catch (error) {
    if (error instanceof InterruptedError) await signalsDelivered()
    throw error
  } finally {
    rejectRunning = null
    endCell(run)
  }
}

/**
 * Resolves when signals of an interrupt that was just answered have reached this process: on a busy machine the watcher signals again
 * before it sees the answer, and such a signal would break the next cell (seen once in 800 tests). An interval, and not a timeout,
 * because a late termination may kill one of its turns.
 */
function signalsDelivered(): Promise<void> {
  return new Promise((resolve) => {
    let turns = 0
    const timer = setInterval(() => {
      if (++turns < 2) return
      clearInterval(timer)
      resolve()
    }, 4)
  })
}

async function evaluate(cell: CompiledCell, run: CellRun, phase: Int32Array<SharedArrayBuffer>, onBroken: () => void): Promise<Shown | null> {
  const script = new Script(cell.script, { filename: cell.filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  const body = script.runInThisContext() as (helpers: unknown) => unknown
  const helpers = makeCellHelpers(run, cell.filename)
  defineNames(cell.declared)
  let shown: Shown | null = null
  let pending: Promise<unknown> | null = null
  let hasBegun = false
  start = () => {
    hasBegun = true
    const outcome = body(helpers)
    if (types.isPromise(outcome)) pending = outcome
    else shown = showBoxed(outcome)
  }
  const begin = (): void => {
    Atomics.store(phase, 0, 1)
    runAsCell(run, () => starter.runInThisContext({ breakOnSigint: true }))
  }
  try {
    begin()
  } catch (error) {
    // A termination that came too late for the former cell kills the next entry into JavaScript, before this cell has begun.
    if (!hasBegun) begin()
    else if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_INTERRUPTED') throw error
    else {
      onBroken()
      markStopped(run)
      throw new InterruptedError('the cell was interrupted; variables keep their values')
    }
  } finally {
    Atomics.store(phase, 0, 0)
  }
  if (pending !== null) {
    const outcome = await (pending as Promise<unknown>)
    return Array.isArray(outcome) ? toFullMimeBundle(outcome[0]) : null
  }
  const sync = shown as Shown | null
  return (await sync?.later) ?? sync
}

function showBoxed(outcome: unknown): Shown | null {
  return Array.isArray(outcome) ? toMimeBundle(outcome[0]) : null
}

function markStopped(run: CellRun): void {
  run.isStopped = true
  run.abort.abort(new InterruptedError('the cell was interrupted'))
}

/** Makes each name a plain property of globalThis; what it held stays until the cell assigns it. */
export function defineNames(names: readonly string[]): void {
  for (const name of names) {
    const known = Object.getOwnPropertyDescriptor(globalThis, name)
    if (known !== undefined && known.writable === true && known.enumerable === true) continue
    if (known !== undefined && known.configurable === false) continue // NaN, undefined: the assignment says what is wrong
    Object.defineProperty(globalThis, name, { value: known?.value as unknown, writable: true, configurable: true, enumerable: true })
  }
}

/** Evaluates a plain JavaScript expression in the notebook's scope. */
export function evaluateExpression(expression: string): unknown {
  return new Script(`(${expression}\n)`, { filename: `${process.cwd()}/expression.js`, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER }).runInThisContext({ breakOnSigint: true })
}
