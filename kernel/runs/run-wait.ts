/**
 * Owns waiting for a run: what an interrupt does to it, and what its end means for the cell that waited.
 */
import { type ErrorRecord, LabflowError } from '../../src/model/errors.ts'
import type { RunRecord } from '../../src/model/run.ts'
import { CellError } from '../cell/cell-error.ts'
import type { RunRegistry } from './run-registry.ts'
import type { EndedRun, TrackedRun } from './tracked-run.ts'

/** How long an interrupted cell waits for its cancelled run to be gone; a run may ask for a longer grace than anyone wants to wait. */
const CANCEL_LIMIT_MS = 10_000

/** `cancel`: the cell is the run, so interrupting it cancels the run. `leave`: only the wait ends. */
export type OnInterrupt = 'cancel' | 'leave'

/** Waits for the end. @throws LabflowError INTERRUPTED, or CellError after a cancel by interrupt. */
export async function waitForRun(tracked: TrackedRun, runs: RunRegistry, signal: AbortSignal, onInterrupt: OnInterrupt): Promise<EndedRun> {
  if (onInterrupt === 'cancel') {
    tracked.awaitedBy++
    if (!tracked.hasEnded) runs.redraw(tracked)
  }
  try {
    const ended = await race(tracked.endedOrLost(), signal)
    if (ended instanceof Error) throw ended
    if (ended) return ended
    const { shortId } = tracked.record
    if (onInterrupt === 'leave') throw new LabflowError('INTERRUPTED', `stopped waiting for ${shortId}; the run goes on: %wait ${shortId} waits again, %cancel ${shortId} ends it`)
    await runs.cancel(tracked.record.id, 'interrupted')
    const gone = await race(tracked.ended, AbortSignal.timeout(CANCEL_LIMIT_MS))
    if (gone) return gone
    throw new LabflowError('INTERRUPTED', `${shortId} was told to stop and is still cleaning up; %runs shows when it is gone`)
  } finally {
    if (onInterrupt === 'cancel') tracked.awaitedBy--
  }
}

/** The value, or null when the signal came first. */
export async function race<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null
  let stop = (): void => {}
  const aborted = new Promise<null>((resolve) => {
    stop = () => resolve(null)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** @throws CellError with the run's own error unless it COMPLETED. */
export function assertCompleted(run: RunRecord): void {
  if (run.state.type !== 'COMPLETED') throw new CellError(runErrorRecord(run))
}

/** The error that a run's end is for the cell that waited. */
function runErrorRecord(run: RunRecord): ErrorRecord {
  const who = `${run.shortId} ${run.runName}`
  if (run.state.type === 'CANCELLED') {
    const message = `${who} was cancelled${run.state.message ? `: ${run.state.message}` : ''}`
    return { name: 'RunCancelled', code: 'RUN_CANCELLED', message, traceback: emphasised([`RunCancelled: ${message}`]) }
  }
  if (run.error) {
    // A timeout or a dead process has no lines of the user's, but the cell must still show what happened.
    const lines = run.error.traceback.length > 0 ? run.error.traceback : [`${run.error.name}: ${run.error.message}`]
    return { ...run.error, traceback: emphasised(lines) }
  }
  const message = `${who} ${run.state.type === 'CRASHED' ? 'crashed' : 'failed'}${run.state.message ? `: ${run.state.message}` : ''}`
  const name = run.state.type === 'CRASHED' ? 'RunCrashed' : 'RunFailed'
  return { name, code: run.state.type === 'CRASHED' ? 'RUN_CRASHED' : 'RUN_FAILED', message, traceback: emphasised([`${name}: ${message}`]) }
}

const RED = '\u001b[31m'
const BOLD = '\u001b[1m'
const PLAIN = '\u001b[0m'

/** A worker's plain traceback as the session writes its own: the error's name in red, places in bold. */
function emphasised(traceback: readonly string[]): string[] {
  return traceback.map((line, index) => {
    if (index === 0) return line.replace(/^([\w$ ]+):/, `${RED}$1${PLAIN}:`)
    return line.replace(/^( {2}at )(\S+)( line \d+)/, `$1${BOLD}$2${PLAIN}$3`)
  })
}
