/**
 * Owns the states of a run and the one reducer that decides every change of state.
 * Refuses side effects: `transition` is pure; the store repeats its legal states as CHECK constraints.
 */
import type { ErrorRecord } from './errors.ts'
import { isRetried, retryDelayMs } from './retry.ts'
import type { RetryPolicy } from './retry.ts'

/** Prefect's state types with Prefect's meanings; FAILED = the user's code threw, CRASHED = the process died. */
export const STATE_TYPES = [
  'SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CRASHED', 'CANCELLING', 'CANCELLED', 'PAUSED',
] as const
export type StateType = (typeof STATE_TYPES)[number]

/** A state with the refining name (AwaitingRetry, Cached, TimedOut, …) and what led to it. `timeMs` is epoch milliseconds. */
export interface RunState {
  type: StateType
  name: string
  timeMs: number
  message: string
}

/** States after which nothing changes any more. */
const FINAL_TYPES: readonly StateType[] = ['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED']

/** Whether a run in this state has ended. */
export function isFinal(type: StateType): boolean {
  return FINAL_TYPES.includes(type)
}

/** Everything that can happen to a run. `random` (0…1) is the share of the retry jitter; times are epoch milliseconds. */
export type RunHappening =
  | { type: 'submitted'; timeMs: number; waitsFor?: string }
  | { type: 'cache-hit'; timeMs: number; source: string }
  | { type: 'queued'; timeMs: number }
  | { type: 'assigned'; timeMs: number }
  | { type: 'started'; timeMs: number }
  | { type: 'completed'; timeMs: number }
  | { type: 'failed'; timeMs: number; error: ErrorRecord; random: number }
  | { type: 'timed-out'; timeMs: number; error: ErrorRecord; random: number }
  | { type: 'crashed'; timeMs: number; message: string; random: number }
  | { type: 'cancel-asked'; timeMs: number; reason: string }
  | { type: 'cancelled'; timeMs: number }
  | { type: 'retry-due'; timeMs: number }
  | { type: 'late'; timeMs: number }

/** What the reducer needs to know of a run; a {@link RunRecord} is one. */
export interface RunSnapshot {
  state: RunState
  attempt: number
  options: RetryPolicy
}

/** A legal change: the new state, the attempt number, and when a retry is due (null when none is). */
export interface Transition {
  ok: true
  state: RunState
  attempt: number
  retryAtMs: number | null
}

/** An event that is illegal in the run's state; nothing changes. `reason` is a sentence for the log or the user. */
export interface Refusal {
  ok: false
  reason: string
}

/** Name of a PENDING run that has a worker, which has not yet said that it began. */
const STARTING = 'Starting'

/**
 * The one place where a run changes state; `run` is null before its submission. Pure: same run and event, same answer.
 * A completed, failed or crashed attempt of a run being cancelled ends CANCELLED: what the user asked last wins.
 */
export function transition(run: RunSnapshot | null, event: RunHappening): Transition | Refusal {
  if (run === null) return firstState(event)
  const from = run.state.type
  if (isFinal(from)) return refuse(run, event)
  if (event.type === 'cancel-asked') return cancelAsked(run, event)
  if (from === 'CANCELLING') return whileCancelling(run, event)
  if (hasAttempt(run.state)) return duringAttempt(run, event)
  return whileWaiting(run, event)
}

/** Whether a worker process belongs to a run in this state. */
export function hasAttempt(state: Pick<RunState, 'type' | 'name'>): boolean {
  return state.type === 'RUNNING' || state.type === 'CANCELLING' || (state.type === 'PENDING' && state.name === STARTING)
}

function firstState(event: RunHappening): Transition | Refusal {
  const waiting = event.type === 'submitted' && event.waitsFor !== undefined
  if (waiting) return to('PENDING', 'AwaitingCache', event.timeMs, `waits for ${event.waitsFor}, which computes the same`, 0)
  if (event.type === 'submitted') return to('PENDING', 'Pending', event.timeMs, '', 0)
  if (event.type === 'cache-hit') return to('COMPLETED', 'Cached', event.timeMs, `result of ${event.source}`, 0)
  return { ok: false, reason: `a run that was never submitted cannot be ${event.type}` }
}

function whileWaiting(run: RunSnapshot, event: RunHappening): Transition | Refusal {
  const { type, name } = run.state
  const isScheduled = type === 'SCHEDULED'
  if (event.type === 'assigned' && type === 'PENDING') return to('PENDING', STARTING, event.timeMs, '', run.attempt + 1)
  if (event.type === 'queued' && name === 'AwaitingCache') return to('PENDING', 'Pending', event.timeMs, '', run.attempt)
  if (event.type === 'cache-hit' && type === 'PENDING') {
    return to('COMPLETED', 'Cached', event.timeMs, `result of ${event.source}`, run.attempt)
  }
  if (event.type === 'retry-due' && isScheduled) return to('PENDING', 'Pending', event.timeMs, '', run.attempt)
  if (event.type === 'late' && isScheduled && name !== 'Late') return to('SCHEDULED', 'Late', event.timeMs, 'due, but no executor ran', run.attempt)
  return refuse(run, event)
}

function duringAttempt(run: RunSnapshot, event: RunHappening): Transition | Refusal {
  const isRunning = run.state.type === 'RUNNING'
  switch (event.type) {
    case 'started':
      if (isRunning) return refuse(run, event)
      return to('RUNNING', run.attempt > 1 ? 'Retrying' : 'Running', event.timeMs, run.attempt > 1 ? `attempt ${run.attempt}` : '', run.attempt)
    case 'completed':
      return isRunning ? to('COMPLETED', 'Completed', event.timeMs, '', run.attempt) : refuse(run, event)
    case 'failed':
      return retryOr(run, event.timeMs, event.error, event.random, 'FAILED', 'Failed', `${event.error.name}: ${event.error.message}`)
    case 'timed-out':
      return retryOr(run, event.timeMs, event.error, event.random, 'FAILED', 'TimedOut', event.error.message)
    case 'crashed':
      return retryOr(run, event.timeMs, null, event.random, 'CRASHED', 'Crashed', event.message)
    default:
      return refuse(run, event)
  }
}

function whileCancelling(run: RunSnapshot, event: RunHappening): Transition | Refusal {
  switch (event.type) {
    case 'completed':
    case 'failed':
    case 'timed-out':
    case 'crashed':
    case 'cancelled':
      return to('CANCELLED', 'Cancelled', event.timeMs, run.state.message, run.attempt)
    default:
      return refuse(run, event)
  }
}

function cancelAsked(run: RunSnapshot, event: { timeMs: number; reason: string; type: 'cancel-asked' }): Transition | Refusal {
  if (run.state.type === 'CANCELLING') return refuse(run, event)
  if (hasAttempt(run.state)) return to('CANCELLING', 'Cancelling', event.timeMs, event.reason, run.attempt)
  return to('CANCELLED', 'Cancelled', event.timeMs, event.reason, run.attempt)
}

function retryOr(
  run: RunSnapshot, timeMs: number, error: ErrorRecord | null, random: number, type: StateType, name: string, message: string,
): Transition {
  if (!isRetried(run.options, run.attempt, error)) return to(type, name, timeMs, message, run.attempt)
  const delayMs = retryDelayMs(run.options, run.attempt, random)
  const words = `attempt ${run.attempt} ${type === 'CRASHED' ? 'crashed' : name === 'TimedOut' ? 'timed out' : 'failed'} (${message}); ` +
    `retry ${run.attempt} of ${run.options.retries} in ${delayMs / 1000} s`
  return { ...to('SCHEDULED', 'AwaitingRetry', timeMs, words, run.attempt), retryAtMs: timeMs + delayMs }
}

function to(type: StateType, name: string, timeMs: number, message: string, attempt: number): Transition {
  return { ok: true, state: { type, name, timeMs, message }, attempt, retryAtMs: null }
}

function refuse(run: RunSnapshot, event: RunHappening): Refusal {
  return { ok: false, reason: `a run in state ${run.state.type} (${run.state.name}) cannot be ${event.type}` }
}
