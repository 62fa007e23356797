/**
 * Owns durations as people write and read them: `500ms`, `30s`, `1.5m`, `2h`, `7d`, or a number of milliseconds.
 * Reading refuses words, negative and infinite durations, and a bare number in quotes, which would not say its unit.
 */
import { LabflowError } from '../model/errors.ts'

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const PATTERN = /^(\d+(?:\.\d+)?|\.\d+)\s*(ms|s|m|h|d)$/

/**
 * Milliseconds of a duration. A number counts as milliseconds already.
 * @throws LabflowError BAD_OPTION naming the option and the value.
 */
export function parseDurationMs(text: string | number, optionName: string): number {
  if (typeof text === 'number') {
    if (Number.isFinite(text) && text >= 0) return text
    throw new LabflowError('BAD_OPTION', `${optionName}: ${text} is no duration in milliseconds; write a number ≥ 0 or text such as '30s'.`)
  }
  const match = PATTERN.exec(text.trim())
  if (match === null) {
    throw new LabflowError('BAD_OPTION', `${optionName}: ${JSON.stringify(text)} is no duration; write a number with a unit: 500ms, 30s, 5m, 2h or 7d.`)
  }
  return Number(match[1]) * (UNIT_MS[match[2] as string] as number)
}

/** A duration for people: `340 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`
  const seconds = Math.round(durationMs / 1_000)
  const parts: [number, string, number, string] =
    seconds < 3_600
      ? [Math.floor(seconds / 60), 'min', seconds % 60, 's']
      : seconds < 86_400
        ? [Math.floor(seconds / 3_600), 'h', Math.floor((seconds % 3_600) / 60), 'min']
        : [Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3_600), 'h']
  const [large, largeUnit, small, smallUnit] = parts
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
