/**
 * Owns the record of an error that a run's code threw: the user's own frames only, with line and text as the user knows them.
 * Never throws itself, whatever was thrown.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { inspect, types } from 'node:util'
import type { ErrorRecord } from '../model/errors.ts'
import type { TypedPlace } from '../model/run.ts'
import { isUserModule } from '../modules/local-files.ts'
import { modulePath } from '../modules/module-location.ts'
import { typedPlace } from '../modules/module-source.ts'

const MAX_DEPTH = 8
const MAX_FRAMES = 20
const MAX_MEMBERS = 16
const MAX_MESSAGE_CHARS = 20_000

/** The notebook code of an attempt: `filename` as the script has it, its lines, and the line as typed of each. */
export interface EntrySource {
  filename: string
  lines: string[]
  typed: TypedPlace | null
  /** Helpers of earlier cells, above the entry in the script. */
  helpers: readonly HelperPlace[]
}

/** Where a helper stands in the script: lines count as V8 does, the entry's first being 1. */
export interface HelperPlace {
  firstLine: number
  count: number
  typed: TypedPlace
}

/** One frame of the user's code; lines count from 1. */
export interface UserFrame {
  functionName: string
  path: string
  line: number
  /** Null where the text that ran is not the text as typed. */
  column: number | null
  text: string
  /** In a cell, whose file name is made up. */
  isCell: boolean
}

/** Anything thrown, as a record. */
export function toErrorRecord(thrown: unknown, entry: EntrySource | null, depth = 0): ErrorRecord {
  try {
    if (types.isNativeError(thrown) || thrown instanceof Error) return errorRecord(thrown as Error, entry, depth)
  } catch {
    // A proxy or a hostile getter: shown as a plain value below.
  }
  const text = cut(safely(() => inspect(thrown, { depth: 2 })) ?? 'a value that cannot be shown')
  return { name: 'Thrown value', message: text, traceback: [`Thrown value: ${text}`] }
}

/** The user's frames of a stack, innermost first. */
function userFrames(stack: string, entry: EntrySource | null): UserFrame[] {
  const frames: UserFrame[] = []
  for (const line of stack.split('\n')) {
    const match = /^\s+at (?:(.*?) \()?(?:async )?(.+?):(-?\d+):(\d+)\)?$/.exec(line)
    if (match === null) continue
    const frame = frameOf(match[1] ?? '', match[2] as string, Number(match[3]), Number(match[4]), entry)
    if (frame !== null) frames.push(frame)
    if (frames.length >= MAX_FRAMES) break
  }
  return frames
}

/** "line 4 of cell-3", "umap.ts line 12", or null when no frame is the user's. */
export function placeOf(stack: string, entry: EntrySource | null): string | null {
  const frame = userFrames(stack, entry)[0]
  if (frame === undefined) return null
  return frame.path === entry?.filename ? `line ${frame.line}` : `${fileName(frame)} line ${frame.line}`
}

function errorRecord(error: Error, entry: EntrySource | null, depth: number): ErrorRecord {
  const name = String(error.name || 'Error')
  const message = cut(String(error.message))
  const stack = String(error.stack ?? '')
  const frames = userFrames(stack, entry).map(showFrame)
  // Of a run that this one awaited.
  const framesOfRun = stack.split('\n').filter((line) => /^ {2}at .+ line \d+/.test(line))
  const traceback = [`${name}: ${message}`, ...syntaxPlace(stack), ...framesOfRun, ...frames]
  const record: ErrorRecord = { name, message, traceback }
  // A run that failed by a run it awaited hands on that run's own code: the same reason, the same answer about retries.
  const { code, originalCode } = error as { code?: unknown; originalCode?: unknown }
  if (typeof originalCode === 'string') record.code = originalCode
  else if (typeof code === 'string') record.code = code
  if (depth >= MAX_DEPTH) return record
  const cause = Object.getOwnPropertyDescriptor(error, 'cause')?.value as unknown
  if (cause !== undefined) {
    record.cause = toErrorRecord(cause, entry, depth + 1)
    traceback.push('Caused by:', ...record.cause.traceback)
  }
  const members = Object.getOwnPropertyDescriptor(error, 'errors')?.value as unknown
  if (Array.isArray(members)) {
    record.errors = members.slice(0, MAX_MEMBERS).map((member) => toErrorRecord(member, entry, depth + 1))
    record.errors.forEach((member, index) => traceback.push(`Error ${index + 1} of ${members.length}:`, ...member.traceback))
  }
  return record
}

function frameOf(rawName: string, location: string, line: number, column: number, entry: EntrySource | null): UserFrame | null {
  const functionName = rawName.replace(/^async /, '').replace(/^(Object\.)?\$?(<anonymous>|eval)$/, '').replace(/^Object\./, '')
  if (location === entry?.filename) {
    if (line > entry.lines.length) return null
    if (line >= 1) return typedFrame(functionName, line - 1, column, entry.lines[line - 1] ?? '', entry.typed ?? { filename: location, lines: [], texts: [] })
    const helper = entry.helpers.find(({ firstLine, count }) => line >= firstLine && line < firstLine + count)
    if (helper !== undefined) return typedFrame(functionName, line - helper.firstLine, null, '', helper.typed)
    return functionName === '' || functionName.startsWith('$') ? null : { functionName, path: location, line: 0, column: null, text: '', isCell: true }
  }
  const path = modulePath(location)
  if (path === null || !isUserModule(path)) return null
  const place = typedPlace(location, line, column)
  return { functionName, path, ...place, text: lineOf(path, place.line), isCell: false }
}

function typedFrame(functionName: string, index: number, column: number | null, text: string, typed: TypedPlace): UserFrame {
  const asTyped = typed.texts[index] ?? text
  return { functionName, path: typed.filename, line: typed.lines[index] ?? index + 1, column: asTyped === text ? column : null, text: asTyped, isCell: true }
}

function fileName(frame: UserFrame): string {
  return frame.isCell ? basename(frame.path).replace(/\.[cm]?[jt]sx?$/, '') : basename(frame.path)
}

function showFrame(frame: UserFrame): string {
  const inside = frame.functionName === '' ? '' : ` in ${frame.functionName}`
  if (frame.line === 0) return `  at ${frame.functionName} (travelled with the run)`
  const where = frame.isCell ? fileName(frame) : frame.path
  const text = frame.text.trim()
  return `  at ${where} line ${frame.line}${frame.column === null ? '' : `:${frame.column}`}${inside}${text === '' ? '' : `   ${text.slice(0, 120)}`}`
}

/** V8 puts the place of a syntax or link error before its message. */
function syntaxPlace(stack: string): string[] {
  const match = /^(.+):(\d+)$/.exec(stack.split('\n', 1)[0] ?? '')
  const path = match === null ? null : modulePath(match[1] as string)
  if (match === null || path === null || !isUserModule(path)) return []
  const place = typedPlace(match[1] as string, Number(match[2]), 1)
  return [`  at ${path} line ${place.line}   ${lineOf(path, place.line).trim()}`]
}

function lineOf(path: string, line: number): string {
  return safely(() => readFileSync(path, 'utf8').split('\n')[line - 1]) ?? ''
}

function cut(text: string): string {
  return text.length <= MAX_MESSAGE_CHARS ? text : `${text.slice(0, MAX_MESSAGE_CHARS)}… (${text.length} characters)`
}

function safely<T>(make: () => T): T | null {
  try {
    return make()
  } catch {
    return null
  }
}
