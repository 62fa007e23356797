/** Owns the check that a submission from outside has the shape the engine relies on; it names the first field that has not. */
import { LabflowError } from '../model/errors.ts'
import type { Submission } from '../model/run.ts'

type Check = (value: unknown) => boolean

const isString: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isDuration: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isListOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check)
const orNull = (check: Check): Check => (value) => value === null || check(value)
const optional = (check: Check): Check => (value) => value === undefined || check(value)
const shape = (fields: Record<string, Check>): Check => (value) => isObject(value) && Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]))

const OPTIONS: Record<string, Check> = {
  retries: isCount,
  retryDelay: (value) => shape({ kind: (kind) => kind === 'list', delaysMs: isListOf(isDuration) })(value) ||
    shape({ kind: (kind) => kind === 'exponential', firstMs: isDuration })(value),
  retryJitter: isDuration,
  retryOn: isListOf(isString),
  timeoutMs: orNull(isDuration),
  cache: orNull(shape({ expiresAfterMs: orNull(isDuration) })),
  refresh: (value) => typeof value === 'boolean',
  tags: isListOf(isString),
  graceMs: optional(isDuration),
  seed: orNull((value) => typeof value === 'number'),
}

const FIELDS: Record<string, Check> = {
  kind: (value) => value === 'task' || value === 'flow',
  name: isString,
  runName: isString,
  code: shape({ imports: isListOf(isObject), definitions: isListOf(isObject), entry: shape({ kind: isString }), folder: isString, fingerprint: isString, fingerprintParts: isObject }),
  environment: shape({ cwd: isString, env: isObject, nodePath: isString }),
  cacheKey: isString,
  inputDigests: isObject,
  parameters: isObject,
  notebook: orNull(isString),
  parentRunId: orNull(isString),
}

/** Returns the submission when it is one. @throws LabflowError BAD_MESSAGE naming the first wrong field. */
export function checkSubmission(value: unknown): Submission {
  if (!isObject(value)) throw wrong('submission', value)
  const fields = value as Record<string, unknown>
  for (const [name, check] of Object.entries(FIELDS)) if (!check(fields[name])) throw wrong(name, fields[name])
  if (!isObject(fields.options)) throw wrong('options', fields.options)
  const options = fields.options as Record<string, unknown>
  for (const [name, check] of Object.entries(OPTIONS)) if (!check(options[name])) throw wrong(`options.${name}`, options[name])
  return value as Submission
}

function wrong(field: string, value: unknown): LabflowError {
  const shown = JSON.stringify(value) ?? 'undefined'
  return new LabflowError('BAD_MESSAGE', `The submission cannot be used: ${field} is ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}.`)
}
