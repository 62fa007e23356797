/**
 * Owns the error codes of Labflow and the record an error becomes when it crosses a process.
 * Refuses to carry live Error objects between processes: there an error is a plain {@link ErrorRecord}.
 */

/** Every code a {@link LabflowError} can carry; users may match on it. */
export type ErrorCode =
  | 'BAD_OPTION' // an option, duration or magic word that cannot be read
  | 'BAD_MAGIC' // a magic in the wrong place or unknown
  | 'BAD_PARAMETER' // a flow parameter with a wrong name or type
  | 'BAD_CODE' // a cell or function that cannot be parsed
  | 'CANNOT_CAPTURE' // code or data that cannot travel to a worker
  | 'CANNOT_ENCODE' // a value with no faithful encoding
  | 'CANNOT_BIND' // an output that cannot come back to the notebook
  | 'MUTATES_INPUT' // a task cell that changes a captured value in place
  | 'NO_SUCH_RUN'
  | 'NO_SUCH_NAME' // a task, flow or variable that is not known
  | 'RUN_FAILED'
  | 'RUN_CRASHED'
  | 'RUN_CANCELLED'
  | 'EXECUTOR_UNREACHABLE'
  | 'EXECUTOR_VERSION' // client and executor speak different protocol versions
  | 'STORE_DAMAGED'
  | 'STORE_FULL' // disk full or quota
  | 'STORE_BUSY' // another executor owns the store
  | 'STORE_READ_ONLY' // the store folder cannot be written
  | 'STORE_VERSION' // a newer Labflow wrote the store
  | 'BAD_MESSAGE' // a frame or message that cannot be read
  | 'SESSION_DIED'
  | 'INTERRUPTED'
  | 'BAD_CONFIG'
  | 'BAD_DATA' // a data file that cannot be used: file, column, row in the message
  | 'MISSING_TOOL' // Node, Python, JupyterLab or a package that is not there
  | 'LIMIT_REACHED'
  | 'INTERNAL'

/** An operating error: what happened, with which value, what to do. Known by {@link ErrorCode}, not by instanceof. */
export class LabflowError extends Error {
  readonly code: ErrorCode
  readonly detail: Readonly<Record<string, unknown>>

  /**
   * @param message what happened, with which value, and what to do; shown to the user as it stands.
   * @param options `cause` keeps the original error, `detail` plain data for programs.
   */
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; detail?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LabflowError'
    this.code = code
    this.detail = options.detail ?? {}
  }
}

/** An error as plain data. `traceback` is display lines (may hold ANSI colour), without frames of Labflow. */
export interface ErrorRecord {
  /** Class name, such as TypeError. */
  name: string
  message: string
  /** Labflow's own code, or the `code` property of a Node error. */
  code?: string
  /** The user's frames only, one line each, cell lines first. */
  traceback: string[]
  /** `cause` chain and the members of an AggregateError, at most 8 deep. */
  cause?: ErrorRecord
  errors?: ErrorRecord[]
}

/** Whether a value is a {@link LabflowError} of this or another realm. */
export function isLabflowError(value: unknown): value is LabflowError {
  return value instanceof Error && value.name === 'LabflowError' && typeof (value as { code?: unknown }).code === 'string'
}
