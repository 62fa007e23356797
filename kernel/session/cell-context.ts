/**
 * Owns the answer to "which cell caused this?": the cell of the asynchronous context, else the one that runs, else the newest.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** One execution of a cell. */
export interface CellRun {
  readonly cellId: string
  /** Set by an interrupt: the cell must not go on after its next await. */
  isStopped: boolean
  allowStdin: boolean
  /** Aborted by an interrupt: runs that the cell awaits are cancelled with it. */
  readonly abort: AbortController
}

const storage = new AsyncLocalStorage<CellRun>()
let running: CellRun | null = null
let newest: CellRun | null = null

/** Runs `body` as the given cell; everything that it starts keeps the cell. */
export function runAsCell<T>(run: CellRun, body: () => T): T {
  running = run
  newest = run
  return storage.run(run, body)
}

/** The cell has ended; what it left behind still belongs to it. */
export function endCell(run: CellRun): void {
  if (running === run) running = null
}

export function currentRun(): CellRun | null {
  return storage.getStore() ?? running ?? newest
}

export function currentCellId(): string | null {
  return currentRun()?.cellId ?? null
}

/** The cell that runs now, null between cells. */
export function runningCell(): CellRun | null {
  return running
}
