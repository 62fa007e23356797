import { expect, test } from 'vitest'
import { isRetried, MAX_RETRY_DELAY_MS, retryDelayMs } from '../../../src/model/retry.ts'
import type { RetryPolicy } from '../../../src/model/retry.ts'
import { STATE_TYPES, transition } from '../../../src/model/state.ts'
import type { RunHappening, RunSnapshot, StateType } from '../../../src/model/state.ts'

const ERROR = { name: 'TypeError', message: 'x is not a function', traceback: [] }
const NO_RETRY: RetryPolicy = { retries: 0, retryDelay: { kind: 'list', delaysMs: [] }, retryJitter: 0, retryOn: [] }

const HAPPENINGS: RunHappening[] = [
  { type: 'submitted', timeMs: 1 }, { type: 'cache-hit', timeMs: 1, source: 'r1' }, { type: 'queued', timeMs: 1 }, { type: 'assigned', timeMs: 1 },
  { type: 'started', timeMs: 1 }, { type: 'completed', timeMs: 1 }, { type: 'failed', timeMs: 1, error: ERROR, random: 0 },
  { type: 'timed-out', timeMs: 1, error: ERROR, random: 0 }, { type: 'crashed', timeMs: 1, message: 'killed', random: 0 },
  { type: 'cancel-asked', timeMs: 1, reason: 'enough' }, { type: 'cancelled', timeMs: 1 }, { type: 'retry-due', timeMs: 1 }, { type: 'late', timeMs: 1 },
]

function snapshot(type: StateType, name: string, policy: RetryPolicy = NO_RETRY, attempt = 1): RunSnapshot {
  return { state: { type, name, timeMs: 0, message: '' }, attempt, options: policy }
}

/** From state → happening → the state reached; everything not listed is refused. */
const LEGAL: [RunSnapshot | null, Record<string, string>][] = [
  [null, { submitted: 'PENDING Pending', 'cache-hit': 'COMPLETED Cached' }],
  [snapshot('PENDING', 'Pending', NO_RETRY, 0), { assigned: 'PENDING Starting', 'cache-hit': 'COMPLETED Cached', 'cancel-asked': 'CANCELLED Cancelled' }],
  [snapshot('PENDING', 'AwaitingCache', NO_RETRY, 0), { queued: 'PENDING Pending', assigned: 'PENDING Starting', 'cache-hit': 'COMPLETED Cached', 'cancel-asked': 'CANCELLED Cancelled' }],
  [snapshot('PENDING', 'Starting'), { started: 'RUNNING Running', failed: 'FAILED Failed', 'timed-out': 'FAILED TimedOut', crashed: 'CRASHED Crashed', 'cancel-asked': 'CANCELLING Cancelling' }],
  [snapshot('RUNNING', 'Running'), { completed: 'COMPLETED Completed', failed: 'FAILED Failed', 'timed-out': 'FAILED TimedOut', crashed: 'CRASHED Crashed', 'cancel-asked': 'CANCELLING Cancelling' }],
  [snapshot('CANCELLING', 'Cancelling'), { completed: 'CANCELLED Cancelled', failed: 'CANCELLED Cancelled', 'timed-out': 'CANCELLED Cancelled', crashed: 'CANCELLED Cancelled', cancelled: 'CANCELLED Cancelled' }],
  [snapshot('SCHEDULED', 'AwaitingRetry'), { 'retry-due': 'PENDING Pending', late: 'SCHEDULED Late', 'cancel-asked': 'CANCELLED Cancelled' }],
  [snapshot('SCHEDULED', 'Late'), { 'retry-due': 'PENDING Pending', 'cancel-asked': 'CANCELLED Cancelled' }],
  [snapshot('COMPLETED', 'Completed'), {}],
  [snapshot('FAILED', 'Failed'), {}],
  [snapshot('CRASHED', 'Crashed'), {}],
  [snapshot('CANCELLED', 'Cancelled'), {}],
]

for (const [from, answers] of LEGAL) {
  test(`what may happen to a run in ${from === null ? 'no state' : `${from.state.type} ${from.state.name}`}, and nothing else`, () => {
    for (const happening of HAPPENINGS) {
      const next = transition(from, happening)
      const reached = next.ok ? `${next.state.type} ${next.state.name}` : undefined
      expect([happening.type, reached]).toEqual([happening.type, answers[happening.type]])
      if (!next.ok) expect(next.reason).toContain(happening.type)
    }
  })
}

test('every state type is either reachable or PAUSED', () => {
  const reached = new Set(LEGAL.flatMap(([, answers]) => Object.values(answers).map((state) => state.split(' ')[0])))
  reached.add('SCHEDULED')
  expect(STATE_TYPES.filter((type) => !reached.has(type))).toEqual(['PAUSED'])
})

test('a failure, a timeout and a crash share the retries; the last one stays', () => {
  const policy: RetryPolicy = { ...NO_RETRY, retries: 2, retryDelay: { kind: 'list', delaysMs: [10, 30] } }
  for (const happening of HAPPENINGS.filter((one) => ['failed', 'timed-out', 'crashed'].includes(one.type))) {
    const first = transition(snapshot('RUNNING', 'Running', policy, 1), happening)
    expect(first).toMatchObject({ ok: true, state: { type: 'SCHEDULED', name: 'AwaitingRetry' }, retryAtMs: 11 })
    expect(transition(snapshot('RUNNING', 'Retrying', policy, 2), happening)).toMatchObject({ retryAtMs: 31 })
    expect(transition(snapshot('RUNNING', 'Retrying', policy, 3), happening)).toMatchObject({ retryAtMs: null })
  }
})

test('delays: a list repeats its last, exponential doubles up to ten minutes, jitter lengthens', () => {
  const list: RetryPolicy = { ...NO_RETRY, retryDelay: { kind: 'list', delaysMs: [10, 30] } }
  expect([1, 2, 3].map((attempt) => retryDelayMs(list, attempt, 0))).toEqual([10, 30, 30])
  const exponential: RetryPolicy = { ...NO_RETRY, retryDelay: { kind: 'exponential', firstMs: 2000 } }
  expect([1, 2, 3, 40].map((attempt) => retryDelayMs(exponential, attempt, 0))).toEqual([2000, 4000, 8000, MAX_RETRY_DELAY_MS])
  expect(retryDelayMs({ ...list, retryJitter: 0.5 }, 1, 1)).toBe(15)
  expect(retryDelayMs(NO_RETRY, 1, 1)).toBe(0)
})

test('--retry-on names classes or patterns; a dead process is tried again all the same', () => {
  const policy: RetryPolicy = { ...NO_RETRY, retries: 1, retryOn: ['RangeError', '/not a FUNCTION/i'] }
  expect(isRetried(policy, 1, ERROR)).toBe(true)
  expect(isRetried(policy, 1, { ...ERROR, message: 'else' })).toBe(false)
  expect(isRetried(policy, 1, { ...ERROR, name: 'RangeError', message: 'else' })).toBe(true)
  expect(isRetried(policy, 1, null)).toBe(true)
  expect(isRetried(policy, 2, null)).toBe(false)
  expect(isRetried({ ...policy, retryOn: ['/(/'] }, 1, ERROR)).toBe(false)
})

test('bad data, a wrong parameter or a value that cannot travel is not tried again: it would fail the same way after the delay', () => {
  const policy: RetryPolicy = { ...NO_RETRY, retries: 2, retryDelay: { kind: 'list', delaysMs: [10_000] } }
  for (const code of ['BAD_DATA', 'BAD_PARAMETER', 'CANNOT_CAPTURE', 'CANNOT_ENCODE', 'CANNOT_BIND']) {
    expect([code, isRetried(policy, 1, { ...ERROR, code })]).toEqual([code, false])
    const failed = transition(snapshot('RUNNING', 'Running', policy), { type: 'failed', timeMs: 1, error: { ...ERROR, code }, random: 0 })
    expect(failed).toMatchObject({ ok: true, state: { type: 'FAILED' }, retryAtMs: null })
  }
  for (const code of ['ECONNRESET', 'RUN_CRASHED', 'RUN_FAILED', undefined]) {
    expect([code, isRetried(policy, 1, code === undefined ? ERROR : { ...ERROR, code })]).toEqual([code, true])
  }
  expect(isRetried({ ...policy, retryOn: ['TypeError'] }, 1, { ...ERROR, code: 'BAD_DATA' })).toBe(true)
})
