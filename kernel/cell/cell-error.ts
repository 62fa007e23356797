/**
 * Owns the way from anything thrown while a cell runs to the error record that the notebook shows.
 * Refuses stack traces of ours: an error of Labflow shows its message alone.
 */
import { type ErrorRecord, isLabflowError } from '../../src/model/errors.ts'

/** Carries an error that already is a record: of the session's cell, or of a run. */
export class CellError extends Error {
  readonly record: ErrorRecord

  constructor(record: ErrorRecord) {
    super(record.message)
    this.name = 'CellError'
    this.record = record
  }
}

/** The record of whatever was thrown. */
export function toErrorRecord(error: unknown): ErrorRecord {
  if (error instanceof CellError) return error.record
  if (isLabflowError(error)) {
    // An error of user code in the session keeps its own name and lines.
    const { name, traceback } = error.detail
    if (typeof name === 'string' && name !== 'LabflowError' && Array.isArray(traceback)) return { name, message: error.message, code: error.code, traceback: traceback as string[] }
    return { name: 'LabflowError', message: error.message, code: error.code, traceback: [`LabflowError ${error.code}: ${error.message}`] }
  }
  if (error instanceof Error) return { name: error.name, message: error.message, traceback: [`${error.name}: ${error.message}`] }
  return { name: 'Error', message: String(error), traceback: [String(error)] }
}
