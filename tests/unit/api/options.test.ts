/** Options of a task read as people write them; a wrong one says what was meant. */
import { expect, test } from 'vitest'
import { readOptions } from '../../../src/api/options.ts'
import type { TaskOptions } from '../../../src/api/options.ts'

test('durations, delays, cache and filters become engine options', () => {
  const options: TaskOptions = { name: 'x', retries: 2, retryDelay: ['10s', 500], timeout: '5m', cache: '2h', tags: 'paper', retryOn: [/ECONN/, 'TypeError'], seed: 3, grace: '2s' }
  expect(readOptions(options, 'task()')).toEqual({
    retries: 2, retryDelay: { kind: 'list', delaysMs: [10_000, 500] }, timeoutMs: 300_000, cache: { expiresAfterMs: 7_200_000 },
    tags: ['paper'], retryOn: ['/ECONN/', 'TypeError'], seed: 3, graceMs: 2_000,
  })
  expect(readOptions({ retryDelay: 'exp:2s', cache: true, timeout: null }, 'task()')).toEqual({ retryDelay: { kind: 'exponential', firstMs: 2_000 }, cache: { expiresAfterMs: null }, timeoutMs: null })
  expect(readOptions({ cache: false, retryDelay: '30s', retries: undefined }, 'task()')).toEqual({ cache: null, retryDelay: { kind: 'list', delaysMs: [30_000] } })
})

test.each([
  [{ retrys: 2 }, /task\(\) has no option "retrys"\. Did you mean retries\?/],
  [{ retries: -1 }, /retries got -1, but takes a whole number/],
  [{ timeout: 'soon' }, /timeout: "soon" is no duration/],
  [{ cache: { maxAge: 3 } }, /cache got .*expiresAfter/],
  [{ name: '' }, /name got ""/],
  [{ tags: [3] }, /tags got 3/],
  [{ retryDelay: [] }, /retryDelay got \[\]/],
  [5, /takes an object of options/],
])('%j is refused', (options, words) => {
  expect(() => readOptions(options as never, 'task()')).toThrow(words)
  expect(() => readOptions(options as never, 'task()')).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})
