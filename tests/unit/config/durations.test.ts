/** Durations read as people write them; a wrong one says which option and what to write. */
import { expect, test } from 'vitest'
import { formatDuration, parseDurationMs } from '../../../src/config/durations.ts'

test('every unit, decimals and plain milliseconds are read', () => {
  const texts = ['500ms', '30s', '1.5m', '2h', '7d', '.5s', ' 10 s ']
  expect(texts.map((text) => parseDurationMs(text, 'timeout'))).toEqual([500, 30_000, 90_000, 7_200_000, 604_800_000, 500, 10_000])
  expect(parseDurationMs(250, 'timeout')).toBe(250)
})

test.each(['soon', '', '10', '-3s', '1e3s', '3 weeks', '5M'])('%j is refused by name of the option', (text) => {
  expect(() => parseDurationMs(text, '--timeout')).toThrow(/--timeout: .*no duration/)
})

test('a negative or infinite number is refused', () => {
  expect(() => parseDurationMs(-1, 'timeout')).toThrow('timeout')
  expect(() => parseDurationMs(Number.POSITIVE_INFINITY, 'timeout')).toThrow('timeout')
})

test('durations are shown with at most two units', () => {
  expect([340, 4_210, 59_990, 200_000, 120_000, 7_500_000, 273_600_000].map(formatDuration)).toEqual([
    '340 ms', '4.2 s', '1 min', '3 min 20 s', '2 min', '2 h 5 min', '3 d 4 h',
  ])
})
