/**
 * Owns the record of an error that user code threw: the user's frames only, with the cell's own line and a caret, as the notebook shows it.
 * Never throws itself, whatever was thrown.
 */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { className, inspectText, isForeignFrame } from '../../src/display/index.ts'
import type { ErrorRecord } from '../../src/model/errors.ts'
import type { CellSources } from './script-positions.ts'

const MAX_DEPTH = 8
const MAX_FRAMES = 20
const MAX_MEMBERS = 8
const RED = '\u001b[31m'
/** In place of colours: JupyterLab shows tracebacks on pink or maroon, where cyan and green are hard to read. */
const BOLD = '\u001b[1m'
const DIM = '\u001b[2m'
const PLAIN = '\u001b[0m'

interface Frame {
  functionName: string
  file: string
  line: number
  column: number
  /** The cell's lines, when the frame is in a cell. */
  source: string[] | null
}

/** Anything thrown, as a record. */
export function toErrorRecord(thrown: unknown, cells: CellSources, depth = 0): ErrorRecord {
  try {
    if (types.isNativeError(thrown) || thrown instanceof Error) return recordOfError(thrown as Error, cells, depth)
  } catch {
    // A proxy or a hostile getter: shown as a plain value below.
  }
  const text = inspectText(thrown)
  const name = thrown !== null && typeof thrown === 'object' ? className(thrown) : 'Thrown value'
  return { name, message: text, traceback: [`${RED}Thrown value${PLAIN}: ${text}`] }
}

/** The cell line of the newest frame in a cell, such as "line 2 of cell-3", or null. */
export function placeOfStack(stack: string, cells: CellSources): string | null {
  const frame = readFrames(stack, cells).find((one) => one.source !== null)
  return frame === undefined ? null : `line ${frame.line} of ${cellName(frame.file)}`
}

function recordOfError(error: Error, cells: CellSources, depth: number): ErrorRecord {
  const name = textOf(error, 'name') ?? className(error)
  const message = textOf(error, 'message') ?? ''
  const stack = textOf(error, 'stack') ?? ''
  const frames = readFrames(stack, cells)
  const syntax = frames.length === 0 ? syntaxPlace(stack, cells) : null
  const traceback = [`${RED}${name}${PLAIN}: ${message}`, ...framesOfRun(stack), ...(syntax === null ? describeFrames(frames) : excerpt(syntax))]
  const record: ErrorRecord = { name, message, traceback }
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string') record.code = code
  if (depth >= MAX_DEPTH) return record
  const cause = ownValue(error, 'cause')
  if (cause !== undefined) {
    record.cause = toErrorRecord(cause, cells, depth + 1)
    traceback.push('', `${DIM}Caused by:${PLAIN}`, ...record.cause.traceback)
  }
  const members = ownValue(error, 'errors')
  if (Array.isArray(members)) {
    record.errors = members.slice(0, MAX_MEMBERS).map((member) => toErrorRecord(member, cells, depth + 1))
    record.errors.forEach((member, index) => traceback.push('', `${DIM}Error ${index + 1} of ${members.length}:${PLAIN}`, ...member.traceback))
    if (members.length > MAX_MEMBERS) traceback.push('', `${DIM}… and ${members.length - MAX_MEMBERS} more${PLAIN}`)
  }
  return record
}

function textOf(error: Error, name: string): string | null {
  const value = (error as unknown as Record<string, unknown>)[name]
  return typeof value === 'string' ? value : null
}

function ownValue(error: Error, name: string): unknown {
  return Object.getOwnPropertyDescriptor(error, name)?.value as unknown
}

function readFrames(stack: string, cells: CellSources): Frame[] {
  const frames: Frame[] = []
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/.exec(line)
    if (match === null || isForeignFrame(line)) continue
    const file = pathOf(match[2] as string)
    const functionName = (match[1] ?? '').replace(/^(async )?(Object\.)?\$?<anonymous>$/, '')
    const cell = cells.get(file)
    const at = { line: Number(match[3]), column: Number(match[4]) }
    if (cell === null) frames.push({ functionName, file, ...at, source: null })
    else {
      const place = cells.placeOf(cell, at.line, at.column)
      if (place !== null) frames.push({ functionName, file, ...place, source: cell.source.split('\n') })
    }
    if (frames.length >= MAX_FRAMES) break
  }
  return frames
}

/** An error of a run that the cell awaited brings its lines as the worker wrote them. */
function framesOfRun(stack: string): string[] {
  return stack.split('\n').filter((line) => /^ {2}at .+ line \d+/.test(line)).map((line) => line.replace(/^ {2}at /, '  '))
}

function pathOf(location: string): string {
  const place = location.replace(/^async /, '')
  if (!place.startsWith('file://')) return place
  try {
    return fileURLToPath(place.replace(/[?#].*$/, ''))
  } catch {
    return place
  }
}

function describeFrames(frames: readonly Frame[]): string[] {
  const lines: string[] = []
  let isFirst = true
  for (const frame of frames) {
    const where = frame.source === null ? frame.file : cellName(frame.file)
    const inFunction = frame.functionName === '' ? '' : ` in ${BOLD}${frame.functionName}${PLAIN}`
    lines.push(`  ${BOLD}${where}${PLAIN} line ${frame.line}${DIM}:${frame.column}${PLAIN}${inFunction}`)
    if (frame.source !== null) lines.push(...excerpt({ ...frame, source: frame.source }, isFirst ? 2 : 0))
    if (frame.source !== null) isFirst = false
  }
  return lines
}

/** The line with a caret under the column, after `before` lines of context. */
function excerpt(place: { line: number; column: number; source: string[] }, before = 2): string[] {
  const first = Math.max(1, place.line - before)
  const width = String(place.line).length
  const lines: string[] = []
  for (let line = first; line <= place.line; line++) {
    const text = place.source[line - 1] ?? ''
    const mark = line === place.line ? `${RED}→${PLAIN}` : ' '
    lines.push(`  ${mark} ${DIM}${String(line).padStart(width)} |${PLAIN} ${text}`)
  }
  const text = place.source[place.line - 1] ?? ''
  lines.push(`    ${' '.repeat(width)} ${DIM}|${PLAIN} ${text.slice(0, place.column - 1).replace(/[^\t]/g, ' ')}${RED}^${PLAIN}`)
  return lines
}

/** V8 puts the place of a syntax error on the first line of the stack. */
function syntaxPlace(stack: string, cells: CellSources): { line: number; column: number; source: string[] } | null {
  const [head, , carets] = stack.split('\n')
  const match = /^(.+):(\d+)$/.exec(head ?? '')
  const cell = match === null ? null : cells.get(match[1] as string)
  if (match === null || cell === null) return null
  const place = cells.placeOf(cell, Number(match[2]), Math.max(1, (carets ?? '').indexOf('^') + 1))
  return place === null ? null : { ...place, source: cell.source.split('\n') }
}

function cellName(file: string): string {
  return basename(file).replace(/\.[cm]?[jt]sx?$/, '')
}
