/**
 * Owns the one table of options: their names, values, defaults and help, the same in magics, API and YAML.
 */
import { LabflowError } from '../model/errors.ts'
import type { RetryDelay } from '../model/retry.ts'
import type { RunOptions } from '../model/run.ts'
import { parseDurationMs } from './durations.ts'

/** One option. `value` says whether it takes one: `optional` only with `=`, as in `--cache=2h`. */
export interface OptionSpec {
  /** As in the API: camelCase. On a magic line `--retry-delay`. */
  name: string
  value: 'required' | 'optional' | 'none'
  /** How the value is written, for help. */
  form: string
  help: string
  /** Several occurrences add up. */
  isRepeatable?: boolean
  /** @throws LabflowError BAD_OPTION saying the forms it takes. `text` is null when the value was left out. */
  parse(text: string | null): unknown
}

/** Options as a magic line gives them; absent means not given. */
export interface GivenOptions {
  retries?: number
  retryDelay?: RetryDelay
  retryJitter?: number
  retryOn?: string[]
  timeout?: number | null
  cache?: { expiresAfterMs: number | null } | null
  refresh?: boolean
  tag?: string[]
  seed?: number
  in?: string[]
  out?: string[]
  name?: string
  run?: boolean
  define?: boolean
}

/** What a run has when nothing else is said. */
export const DEFAULT_RUN_OPTIONS: Readonly<RunOptions> = {
  retries: 0,
  retryDelay: { kind: 'list', delaysMs: [0] },
  retryJitter: 0,
  retryOn: [],
  timeoutMs: null,
  cache: null,
  refresh: false,
  tags: [],
  seed: null,
}

const isPresent = (): boolean => true

/** Options of a run: `%%task`, `%%flow`, `%%submit`, `%submit`, `%task`, `%flow`. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  { name: 'retries', value: 'required', form: 'N', help: 'how often to try again after a failure', parse: (text) => wholeNumber('retries', text, 0, 1000) },
  { name: 'retryDelay', value: 'required', form: '10s | 10s,30s,1m | exp:2s', help: 'how long to wait before each further attempt', parse: (text) => parseRetryDelay(text ?? '') },
  { name: 'retryJitter', value: 'required', form: '0…1', help: 'lengthen each wait by a random share up to this', parse: (text) => share('retryJitter', text) },
  { name: 'retryOn', value: 'required', form: 'TypeError,/ECONN/', help: 'try again only after these errors: class names or patterns on the message', isRepeatable: true, parse: (text) => errorFilters(text ?? '') },
  { name: 'timeout', value: 'required', form: '10m', help: 'end an attempt that takes longer', parse: (text) => (text === 'none' ? null : duration('timeout', text ?? '')) },
  { name: 'cache', value: 'optional', form: '2h', help: 'reuse the result of the same code and inputs, for this long if given', parse: parseCache },
  { name: 'refresh', value: 'none', form: '', help: 'compute again even if a result is cached, and replace it', parse: isPresent },
  { name: 'tag', value: 'required', form: 'a,b', help: 'mark the run', isRepeatable: true, parse: (text) => commaList(text ?? '') },
  { name: 'seed', value: 'required', form: 'N', help: 'seed Math.random in the worker', parse: (text) => wholeNumber('seed', text, 0, 0xffff_ffff) },
  { name: 'name', value: 'required', form: 'NAME', help: 'name of the run', parse: (text) => text ?? '' },
]

/** What only a cell has. */
export const CELL_OPTIONS: readonly OptionSpec[] = [
  { name: 'in', value: 'required', form: 'a,b', help: 'notebook names to hand in besides those the cell uses', isRepeatable: true, parse: (text) => nameList('in', text ?? '') },
  { name: 'out', value: 'required', form: 'a,b', help: 'names to hand back besides those the cell declares or assigns', isRepeatable: true, parse: (text) => nameList('out', text ?? '') },
  { name: 'run', value: 'none', form: '', help: 'run the cell although it only defines functions', parse: isPresent },
  { name: 'define', value: 'none', form: '', help: "make the cell's functions tasks although it also has statements", parse: isPresent },
]

/** `retryDelay` → `--retry-delay`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** The part of RunOptions that was given, in the engine's names. */
export function runOptionsOf(given: GivenOptions): Partial<RunOptions> {
  const options: Partial<RunOptions> = {}
  if (given.retries !== undefined) options.retries = given.retries
  if (given.retryDelay !== undefined) options.retryDelay = given.retryDelay
  if (given.retryJitter !== undefined) options.retryJitter = given.retryJitter
  if (given.retryOn !== undefined) options.retryOn = given.retryOn
  if (given.timeout !== undefined) options.timeoutMs = given.timeout
  if (given.cache !== undefined) options.cache = given.cache
  if (given.refresh !== undefined) options.refresh = given.refresh
  if (given.tag !== undefined) options.tags = given.tag
  if (given.seed !== undefined) options.seed = given.seed
  return options
}

/** Reads `10s`, `10s,30s,1m` or `exp:2s`. @throws LabflowError BAD_OPTION naming the forms. */
export function parseRetryDelay(text: string): RetryDelay {
  if (text.startsWith('exp:')) return { kind: 'exponential', firstMs: duration('retryDelay', text.slice(4)) }
  return { kind: 'list', delaysMs: commaList(text).map((part) => duration('retryDelay', part)) }
}

function parseCache(text: string | null): { expiresAfterMs: number | null } | null {
  if (text === null || text === 'true') return { expiresAfterMs: null }
  if (text === 'off' || text === 'false') return null
  return { expiresAfterMs: duration('cache', text) }
}

function duration(name: string, text: string): number {
  try {
    return parseDurationMs(text, flagOf(name))
  } catch (error) {
    throw badValue(name, text, 'a duration such as 500ms, 10s, 1.5m, 2h or 1d', error)
  }
}

function wholeNumber(name: string, text: string | null, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text ?? '') || value < least || value > most) throw badValue(name, text, `a whole number from ${least} to ${most}`)
  return value
}

function share(name: string, text: string | null): number {
  const value = Number(text)
  if (text === null || text.trim() === '' || !(value >= 0 && value <= 1)) throw badValue(name, text, 'a number from 0 to 1')
  return value
}

function errorFilters(text: string): string[] {
  return commaList(text).map((filter) => {
    if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(filter)) return filter
    const pattern = /^\/(.+)\/[a-z]*$/.exec(filter)?.[1]
    if (pattern === undefined || !isPattern(pattern)) throw badValue('retryOn', filter, 'class names (TypeError) or patterns on the message (/ECONN/)')
    return filter
  })
}

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern)
    return true
  } catch {
    return false
  }
}

function nameList(name: string, text: string): string[] {
  return commaList(text).map((part) => {
    if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(part)) return part
    throw badValue(name, part, 'names of notebook variables, as in a,b')
  })
}

/** Splits at commas; empty parts are dropped. */
export function commaList(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '')
}

function badValue(name: string, text: string | null, expected: string, cause?: unknown): LabflowError {
  return new LabflowError('BAD_OPTION', `${flagOf(name)} got "${text ?? ''}", but takes ${expected}`, { cause })
}
