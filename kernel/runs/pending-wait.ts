/**
 * Owns the wait of a cell for names that background runs still owe, and the line that tells of it.
 */
import { formatDuration } from '../../src/config/durations.ts'
import { escapeHtml } from '../../src/display/escape.ts'
import { LabflowError } from '../../src/model/errors.ts'
import type { CellOutput } from '../contract.ts'
import { fractionDone } from './card.ts'
import type { OutputBinder } from './output-binder.ts'
import type { PendingNames } from './pending-names.ts'
import { assertCompleted, race } from './run-wait.ts'
import type { TrackedRun } from './tracked-run.ts'

/** How often the line is written anew. */
const UPDATE_EVERY_MS = 1000

/** What a wait works with. */
export interface PendingWait {
  pending: PendingNames
  binder: OutputBinder
  output: CellOutput
  cellId: string
  signal: AbortSignal
  /** `error` refuses instead of waiting. */
  policy: 'wait' | 'error'
}

/** Waits until no free name is pending, binding what arrives. @throws CellError with the run's error, LabflowError INTERRUPTED. */
export async function waitForPending(freeNames: readonly string[], wait: PendingWait): Promise<void> {
  const needed = wait.pending.neededBy(freeNames)
  for (const [tracked, names] of needed) {
    if (!tracked.hasEnded) await waitFor(tracked, names, wait)
    const ended = await tracked.ended
    await wait.binder.settle(tracked, ended)
    assertCompleted(ended.run)
  }
}

async function waitFor(tracked: TrackedRun, names: string[], wait: PendingWait): Promise<void> {
  const { shortId } = tracked.record
  if (wait.policy === 'error') {
    throw new LabflowError('NO_SUCH_NAME', `${quoted(names)} is still being computed by ${shortId}: %wait ${shortId}, or set notebook.pending to wait`)
  }
  const displayId = `labflow-wait-${wait.cellId}-${shortId}`
  const startedMs = performance.now()
  let isShown = false
  const show = (text: string): void => {
    wait.output.display({ 'text/plain': text, 'text/html': `<div style="opacity:.75">${escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')}</div>` }, {}, displayId, isShown)
    isShown = true
  }
  show(waitingText(tracked, names))
  const timer = setInterval(() => show(waitingText(tracked, names)), UPDATE_EVERY_MS)
  try {
    const ended = await race(tracked.endedOrLost(), wait.signal)
    if (ended instanceof Error) throw ended
    if (ended) return show(`waited ${formatDuration(performance.now() - startedMs)} for ${quoted(names)} · run ${shortId}`)
    show(`stopped waiting for ${quoted(names)} · run ${shortId} goes on`)
    throw new LabflowError('INTERRUPTED', `stopped waiting for ${quoted(names)}; run ${shortId} goes on, this cell did not start`)
  } finally {
    clearInterval(timer)
  }
}

/** "waiting for `emb` · run r7 · 40 %". */
function waitingText(tracked: TrackedRun, names: string[]): string {
  const fraction = fractionDone({ run: tracked.record, children: tracked.children })
  return [`waiting for ${quoted(names)}`, `run ${tracked.record.shortId}`, ...(fraction === null ? [] : [`${Math.floor(fraction * 100)} %`])].join(' · ')
}

function quoted(names: string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
