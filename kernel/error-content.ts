/**
 * Owns how an error record becomes Jupyter's error content: name, message, and a traceback to read.
 * Shows what the record holds; hides and maps nothing.
 */
import type { ErrorRecord } from '../src/model/errors.ts'

const red = '\u001b[31m'
const plain = '\u001b[39m'
/** Members of an AggregateError that are shown. */
const maxMembers = 8

export interface ErrorContent {
  ename: string
  evalue: string
  traceback: string[]
}

/** Content of an `error` message and of an error reply. */
export function errorContent(error: ErrorRecord): ErrorContent {
  return { ename: shownName(error), evalue: error.message, traceback: errorLines(error, '') }
}

/** Record of anything that was thrown inside the kernel; without our own stack. */
export function recordOf(thrown: unknown): ErrorRecord {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), traceback: [] }
  const code = (thrown as { code?: unknown }).code
  return { name: thrown.name, message: thrown.message, traceback: [], ...(typeof code === 'string' ? { code } : {}) }
}

function errorLines(error: ErrorRecord, prefix: string): string[] {
  const name = shownName(error)
  // A record that brings its own headline, or its causes, needs no second ones.
  const isSaid = (part: ErrorRecord): boolean => error.traceback.some((line) => line.includes(part.message) && line.includes(part.name))
  const head = `${red}${name}${plain}: ${error.message}`
  const own = error.traceback.map((line) => line.replace(/^LabflowError BAD_CODE: /, `${red}${name}${plain}: `))
  const lines = [...(isSaid(error) ? [] : [head]), ...own].map((line, index) => (index === 0 ? prefix + line : line))
  if (error.cause !== undefined && !isSaid(error.cause)) lines.push(...errorLines(error.cause, 'Caused by: '))
  for (const member of (error.errors ?? []).slice(0, maxMembers)) if (!isSaid(member)) lines.push(...errorLines(member, 'One of them: '))
  return lines
}

/** Code that cannot be read is a SyntaxError to everyone who ever wrote JavaScript. */
function shownName(error: ErrorRecord): string {
  return error.name === 'LabflowError' && error.code === 'BAD_CODE' ? 'SyntaxError' : error.name
}
