/** Owns the regular look at attempts at work: memory and CPU of their process trees, and a log line for a run that says nothing. */
import type { Clock } from '../clock.ts'
import { formatDuration } from '../config/durations.ts'
import type { Attempt } from './live-run.ts'
import { usageOf } from './process-tree.ts'
import type { RunBook } from './run-book.ts'

const LOOK_MS = 2_000

/** Begins to look every two seconds, or more often when `silentMs` is shorter. */
export function watchRuns(clock: Clock, book: RunBook, silentMs: number): void {
  clock.every(Math.min(LOOK_MS, silentMs), () => {
    const nowMs = clock.nowMs()
    for (const run of book.runs) if (run.attempt !== null) look(run.attempt, book, nowMs, silentMs)
  })
}

function look(attempt: Attempt, book: RunBook, nowMs: number, silentMs: number): void {
  const usage = usageOf(attempt.process.pid)
  if (usage !== null) attempt.measure(usage.memoryBytes, usage.cpuSeconds)
  if (nowMs - attempt.lastHeardMs < silentMs) return
  attempt.lastHeardMs = nowMs
  const { run } = attempt
  const used = usage === null ? '' : `, ${usage.cpuSeconds.toFixed(0)} s of CPU, ${(usage.memoryBytes / 1e6).toFixed(0)} MB`
  const waits = run.children.size > 0 ? `, ${run.children.size} of its runs at work` : ''
  book.log(run, 'info', `still running: ${formatDuration(nowMs - (run.record.startedMs ?? attempt.assignedMs))}${used}${waits}`)
}
