/**
 * Owns the error that a caller gets when a run it awaited did not complete: the user's own name and message, and which run it was.
 */
import type { ErrorCode, ErrorRecord } from '../model/errors.ts'
import type { RunRecord } from '../model/run.ts'

/** An error of a run. `code` says how it ended; `cause` is the cause that the code itself gave. */
export interface RunError extends Error {
  code: ErrorCode
  runId: string
  /** r12: what `%logs` and the command line take. */
  run: string
  /** The `code` of the original error, such as ENOENT. */
  originalCode?: string
}

const CODES: Record<string, ErrorCode> = { FAILED: 'RUN_FAILED', CRASHED: 'RUN_CRASHED', CANCELLED: 'RUN_CANCELLED' }

/** The error of a run that ended without completing. */
export function runError(run: RunRecord): RunError {
  const record = run.error ?? { name: 'Error', message: `${run.kind} ${run.runName} (${run.shortId}) ended as ${run.state.name}: ${run.state.message}`, traceback: [] }
  const error = fromRecord(record) as RunError
  if (record.code !== undefined) error.originalCode = record.code
  error.code = CODES[run.state.type] ?? 'RUN_FAILED'
  error.runId = run.id
  error.run = run.shortId
  for (const name of ['code', 'runId', 'run', 'originalCode']) {
    if (name in error) Object.defineProperty(error, name, { enumerable: false })
  }
  return error
}

const CLASSES: Record<string, ErrorConstructor> = { TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError } as Record<string, ErrorConstructor>

function classNamed(name: string): ErrorConstructor {
  return Object.hasOwn(CLASSES, name) ? (CLASSES[name] as ErrorConstructor) : Error
}

/** An error of its kind again: built-in classes by name, others as Error with that name. */
export function fromRecord(record: ErrorRecord): Error {
  const options = record.cause === undefined ? undefined : { cause: fromRecord(record.cause) }
  const error = record.errors === undefined ? new (classNamed(record.name))(record.message, options) : new AggregateError(record.errors.map(fromRecord), record.message, options)
  if (error.name !== record.name) Object.defineProperty(error, 'name', { value: record.name, configurable: true, writable: true })
  if (record.code !== undefined) Object.assign(error, { code: record.code })
  const frames = record.traceback.filter((line) => /^\s+at /.test(line))
  Object.defineProperty(error, 'stack', { value: [`${record.name}: ${record.message}`, ...frames].join('\n'), configurable: true, writable: true })
  return error
}
