/**
 * Owns the states of a run and the one reducer that decides every change of state.
 * Refuses side effects: `transition` is pure; the store repeats its legal states as CHECK constraints.
 */

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
export const FINAL_TYPES: readonly StateType[] = ['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED']

/** Whether a run in this state has ended. */
export function isFinal(type: StateType): boolean {
  return FINAL_TYPES.includes(type)
}
