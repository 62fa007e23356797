/**
 * Owns the options that users give to `task`, `flow` and `.with`: reads them into the engine's run options.
 * Refuses unknown names and unreadable values, and says what was meant.
 */
import { DEFAULT_RUN_OPTIONS, parseRetryDelay } from '../config/option-table.ts'
import { parseDurationMs } from '../config/durations.ts'
import { nearMatch } from '../config/near-match.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunOptions } from '../model/run.ts'

/** A duration: milliseconds, or text with a unit such as `'30s'`, `'5m'`, `'2h'`. */
export type Duration = number | string

/** Options of a task or flow. What is left out keeps its default; durations as numbers are milliseconds. */
export interface TaskOptions {
  /** Default: the function's name. */
  name?: string
  /** Shown in lists and on cards. */
  description?: string
  /** Further attempts after a failure, 0…1000; default 0. */
  retries?: number
  /** `'10s'`, a list (`['10s', '30s']`, the last one for the rest), or `'exp:2s'` (2 s, 4 s, 8 s … up to 10 min). */
  retryDelay?: Duration | Duration[]
  /** 0…1: lengthens each delay by a random share up to this. */
  retryJitter?: number
  /** Try again only after these: class names (`'TypeError'`) or patterns on the message (`/ECONN/`). */
  retryOn?: string | RegExp | (string | RegExp)[]
  /** Ends an attempt that takes longer. */
  timeout?: Duration | null
  /** Reuse the result of the same code and inputs: `true`, or for how long (`'2h'`). */
  cache?: boolean | Duration | { expiresAfter?: Duration }
  /** Compute even when a cached result exists, and replace it. */
  refresh?: boolean
  tags?: string | string[]
  /** Seeds Math.random in the worker. */
  seed?: number | null
  /** How long a cancelled attempt may clean up; default 100 ms. */
  grace?: Duration
  /** In `.map`: a failed item comes as its Error instead of rejecting the whole. */
  allowFailure?: boolean
}

type Reader = (value: never) => Partial<RunOptions>

const READERS: Record<keyof TaskOptions, Reader> = {
  name: (value: unknown) => (typeof value === 'string' && value.trim() !== '' ? {} : refuse('name', value, "text, such as 'embed'")),
  description: (value: unknown) => (typeof value === 'string' ? {} : refuse('description', value, 'text')),
  retries: (value: unknown) => ({ retries: wholeNumber('retries', value, 1000) }),
  retryDelay: (value: unknown) => ({ retryDelay: readRetryDelay(value) }),
  retryJitter: (value: unknown) => (typeof value === 'number' && value >= 0 && value <= 1 ? { retryJitter: value } : refuse('retryJitter', value, 'a number from 0 to 1')),
  retryOn: (value: unknown) => ({ retryOn: [value].flat().map(readFilter) }),
  timeout: (value: unknown) => ({ timeoutMs: value === null ? null : readDuration('timeout', value) }),
  cache: (value: unknown) => ({ cache: readCache(value) }),
  refresh: (value: unknown) => (typeof value === 'boolean' ? { refresh: value } : refuse('refresh', value, 'true or false')),
  tags: (value: unknown) => ({ tags: [value].flat().map((tag) => (typeof tag === 'string' ? tag : refuse('tags', tag, "text or a list of texts, such as ['paper']"))) }),
  seed: (value: unknown) => (value === null || (typeof value === 'number' && Number.isFinite(value)) ? { seed: value } : refuse('seed', value, 'a number')),
  grace: (value: unknown) => ({ graceMs: readDuration('grace', value) }),
  allowFailure: (value: unknown) => (typeof value === 'boolean' ? {} : refuse('allowFailure', value, 'true or false')),
}

/** Engine options of user options, without defaults. @throws LabflowError BAD_OPTION. */
export function readOptions(options: TaskOptions, whose: string): Partial<RunOptions> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new LabflowError('BAD_OPTION', `${whose} takes an object of options, such as { retries: 2 }, not ${show(options)}.`)
  }
  const read: Partial<RunOptions> = {}
  for (const [name, value] of Object.entries(options)) {
    const reader = READERS[name as keyof TaskOptions] as ((value: unknown) => Partial<RunOptions>) | undefined
    if (reader === undefined || !Object.hasOwn(READERS, name)) throw unknownOption(name, whose)
    if (value !== undefined) Object.assign(read, reader(value))
  }
  return read
}

/** Full run options: what was given, over the defaults. */
export function completeOptions(given: Partial<RunOptions>): RunOptions {
  return { ...DEFAULT_RUN_OPTIONS, ...given }
}

function unknownOption(name: string, whose: string): LabflowError {
  const near = nearMatch(name, Object.keys(READERS))
  const meant = near === null ? `Known are ${Object.keys(READERS).join(', ')}.` : `Did you mean ${near}?`
  return new LabflowError('BAD_OPTION', `${whose} has no option ${JSON.stringify(name)}. ${meant}`, { detail: { name, near } })
}

function readRetryDelay(value: unknown): RunOptions['retryDelay'] {
  if (typeof value === 'string' && value.startsWith('exp:')) return parseRetryDelay(value)
  const delaysMs = [value].flat().map((one) => readDuration('retryDelay', one))
  return delaysMs.length > 0 ? { kind: 'list', delaysMs } : refuse('retryDelay', value, "'10s', ['10s', '30s'] or 'exp:2s'")
}

function readCache(value: unknown): RunOptions['cache'] {
  if (typeof value === 'boolean') return value ? { expiresAfterMs: null } : null
  if (typeof value === 'object' && value !== null) {
    const { expiresAfter, ...others } = value as { expiresAfter?: unknown }
    if (Object.keys(others).length > 0) refuse('cache', value, "{ expiresAfter: '2h' }")
    return { expiresAfterMs: expiresAfter === undefined ? null : readDuration('cache.expiresAfter', expiresAfter) }
  }
  return { expiresAfterMs: readDuration('cache', value) }
}

function readDuration(name: string, value: unknown): number {
  if (typeof value === 'number' || typeof value === 'string') return parseDurationMs(value, name)
  return refuse(name, value, "milliseconds or text with a unit, such as '30s'")
}

function readFilter(value: unknown): string {
  if (value instanceof RegExp) return `/${value.source}/`
  if (typeof value === 'function') return value.name
  return typeof value === 'string' && value !== '' ? value : refuse('retryOn', value, "class names ('TypeError') or patterns (/ECONN/)")
}

function wholeNumber(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
  return refuse(name, value, `a whole number from 0 to ${most}`)
}

function refuse(name: string, value: unknown, expected: string): never {
  throw new LabflowError('BAD_OPTION', `${name} got ${show(value)}, but takes ${expected}.`, { detail: { name } })
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return JSON.stringify(value) ?? String(value)
}
