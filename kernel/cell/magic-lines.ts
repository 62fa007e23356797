/**
 * Owns the grammar of magic lines: which lines of a cell are magics, and the cell's code with those lines blanked to equal length.
 * Refuses `%%` below a cell's first lines, before anything runs. Which names exist is no business of this file.
 */
import { LabflowError } from '../../src/model/errors.ts'
import { type LineVisitor, lineEnd, scanCode, type TokenEnd } from './code-scanner.ts'

/** One magic as written. `shell` is `!command`, `inspect` is `name?` or `name??`. */
export interface MagicCall {
  form: 'cell' | 'line' | 'shell' | 'inspect'
  /** Without its `%`; empty for `shell` and `inspect`. */
  name: string
  /** The rest of the line, trimmed. */
  argument: string
  /** 1-based line in the cell. */
  line: number
  /** UTF-16 offsets of the whole line, without its line feed. */
  start: number
  end: number
}

/** A piece of a cell in the order it runs. Code is as long as the cell, all else blanked, so that positions hold. */
export type CellPart = { kind: 'magic'; call: MagicCall } | { kind: 'code'; source: string }

export interface SplitCell {
  /** `%%` magics, outermost first. */
  cellMagics: MagicCall[]
  /** The whole cell with magic lines blanked; the text below the `%%` lines as typed when that text is raw. */
  code: string
  parts: CellPart[]
  hasCode: boolean
}

/** What the grammar asks about names. */
export interface MagicNames {
  /** Whether notebook or globals know this name: `!word` is then a negation. */
  isKnownName(name: string): boolean
  /** Whether this is a task, flow or function of the notebook: `%submit name` over code is then ambiguous. */
  isKnownCallable(name: string): boolean
  /** Whether the text under `%%name` is something other than TypeScript, as under `%%sh`. */
  hasRawBody(name: string): boolean
}

/** Line magics that act as their `%%` form when they are the first line over code. */
const CELL_WORDS = new Set(['task', 'flow', 'submit'])
const JAVASCRIPT_WORDS = new Set([
  'async', 'await', 'class', 'delete', 'eval', 'false', 'function', 'import', 'new', 'null', 'super', 'this', 'true', 'typeof', 'undefined', 'void', 'yield',
])

/** Splits a cell. @throws LabflowError BAD_MAGIC for `%%` in a wrong place and for `%submit knownFlow` over code. */
export function splitMagics(source: string, names: MagicNames): SplitCell {
  const { cellMagics, bodyStart } = readHead(source, names)
  const isRaw = cellMagics.some((call) => names.hasRawBody(call.name))
  if (isRaw) {
    const code = blank(source, 0, bodyStart)
    return { cellMagics, code, parts: [{ kind: 'code', source: code }], hasCode: code.trim() !== '' }
  }
  const calls = readLines(source, bodyStart, names)
  let code = blank(source, 0, bodyStart)
  for (const call of calls) code = blank(code, call.start, call.end)
  return { cellMagics, code, parts: partsOf(code, bodyStart, calls), hasCode: code.trim() !== '' }
}

/** The cell's TypeScript with magics blanked to equal length; also for a cell that would be refused, because completion must not fail. */
export function withoutMagics(source: string, names: MagicNames): string {
  try {
    const split = splitMagics(source, names)
    const isRaw = split.cellMagics.some((call) => names.hasRawBody(call.name))
    return isRaw ? blank(source, 0, source.length) : split.code
  } catch {
    return source.replace(/^\s*%{1,2}\p{L}.*$/gmu, (line) => blank(line, 0, line.length))
  }
}

/** Reads the `%%` lines at the top, below comments too, and `%task`, `%flow`, `%submit` over code, which mean the same. */
function readHead(source: string, names: MagicNames): { cellMagics: MagicCall[]; bodyStart: number } {
  const cellMagics: MagicCall[] = []
  let at = 0
  let line = 1
  let bodyStart = 0
  while (at < source.length) {
    const comment = /^\s*\/\*(?:(?!\*\/)[^])*\*\/[ \t]*(?=\r?\n|$)/.exec(source.slice(at))?.[0]
    const end = lineEnd(source, at + (comment?.length ?? 0))
    const text = source.slice(at, end)
    if (comment !== undefined || /^\s*\/\//.test(text)) {
      at = end + 1
      line += text.split('\n').length
      continue
    }
    const call = text.trim() === '' ? null : readMagic(text, at, line)
    if (text.trim() !== '') {
      if (call?.form !== 'cell' && !(call && actsOnCell(call, source.slice(end), names))) break
      cellMagics.push({ ...call, form: 'cell' })
      bodyStart = Math.min(end + 1, source.length)
      if (names.hasRawBody(call.name)) break
    }
    at = end + 1
    line++
  }
  return { cellMagics, bodyStart }
}

function actsOnCell(call: MagicCall, rest: string, names: MagicNames): boolean {
  if (!CELL_WORDS.has(call.name) || !hasCode(rest, names)) return false
  const word = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(?=\s|$)/u.exec(call.argument)?.[0]
  if (word === undefined || !names.isKnownCallable(word)) return true
  throw new LabflowError(
    'BAD_MAGIC',
    `line ${call.line}: %${call.name} ${word} can mean two things here: ${meaningOf(call.name, word)}, or run this cell's code under the name "${word}". ` +
      `Write %${call.name} ${word} in a cell of its own for the first, %%${call.name} ${word} above the code for the second.`,
  )
}

function meaningOf(magic: string, word: string): string {
  return magic === 'submit' ? `submit the known task or flow ${word}` : `turn the known function ${word} into a ${magic}`
}

/** Whether anything but blank lines, comments and magic lines is left. */
function hasCode(rest: string, names: MagicNames): boolean {
  let code = rest
  const visit: LineVisitor = ({ start, end, number, previous }) => {
    if (readAnyMagic(rest, start, end, number, previous, names, new Set()) === null) return false
    code = blank(code, start, end)
    return true
  }
  scanCode(rest, 0, visit)
  return code.replace(/\/\/[^\n]*|\/\*[^]*?\*\//g, '').trim() !== ''
}

/** Finds the magic lines below the head. Names of the cell itself come from a first scan, made only when a `!word` may be shell. */
function readLines(source: string, bodyStart: number, names: MagicNames): MagicCall[] {
  const collect = (cellNames: Set<string>): { calls: MagicCall[]; identifiers: Set<string> } => {
    const calls: MagicCall[] = []
    const { identifiers } = scanCode(source, bodyStart, ({ start, end, number, previous }) => {
      const call = readAnyMagic(source, start, end, number, previous, names, cellNames)
      if (call === null) return false
      calls.push(call)
      return true
    })
    return { calls, identifiers }
  }
  const first = collect(new Set())
  const calls = first.calls.some((call) => call.form === 'shell') ? collect(first.identifiers).calls : first.calls
  const late = calls.find((call) => call.form === 'cell')
  if (late) {
    const first = source.trimStart().startsWith('%%') ? 'below the other %% lines, above any code' : "the cell's first line"
    throw new LabflowError('BAD_MAGIC', `line ${late.line}: %%${late.name} acts on a whole cell, so it must be ${first}; nothing was run. Move it there, or split the cell.`)
  }
  return calls.filter((call) => call.form !== 'inspect' || source.slice(call.end).trim() === '')
}

function readAnyMagic(
  source: string, start: number, end: number, line: number, previous: TokenEnd, names: MagicNames, cellNames: Set<string>,
): MagicCall | null {
  const text = source.slice(start, end)
  const magic = readMagic(text, start, line)
  if (magic) return magic
  const trimmed = text.trim()
  const place = { line, start, end }
  if (previous === 'operator') return null
  if (/^!(?:[\p{ID_Start}$_]|\.{1,2}\/|~\/)/u.test(trimmed)) {
    const word = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(trimmed.slice(1))?.[0]
    const isCode = word !== undefined && (JAVASCRIPT_WORDS.has(word) || cellNames.has(word) || names.isKnownName(word))
    return isCode ? null : { form: 'shell', name: '', argument: trimmed.slice(1).trim(), ...place }
  }
  const isLast = source.slice(end).trim() === ''
  const asked = isLast ? /^(%{0,2}[\p{ID_Start}$_][\p{ID_Continue}$.]*)(\?{1,2})$/u.exec(trimmed) ?? /^(\?{1,2})(%{0,2}[\p{ID_Start}$_][\p{ID_Continue}$.]*)$/u.exec(trimmed) : null
  return asked ? { form: 'inspect', name: '', argument: trimmed, ...place } : null
}

function readMagic(text: string, start: number, line: number): MagicCall | null {
  const match = /^\s*(%%?)(\p{L}[\w-]*)(?!\?)(.*)$/su.exec(text)
  if (!match || /^\s*%%?[\w-]+\?{1,2}\s*$/.test(text)) return null
  return {
    form: match[1] === '%%' ? 'cell' : 'line',
    name: match[2] as string,
    argument: (match[3] as string).trim(),
    line,
    start,
    end: start + text.length,
  }
}

/** Cuts the blanked code at its magic lines, so that magics and code run in the order they are written. */
function partsOf(code: string, bodyStart: number, calls: MagicCall[]): CellPart[] {
  const parts: CellPart[] = []
  let from = bodyStart
  const addCode = (to: number): void => {
    if (code.slice(from, to).trim() === '') return
    parts.push({ kind: 'code', source: blank(blank(code, 0, from), to, code.length) })
  }
  for (const call of calls) {
    addCode(call.start)
    parts.push({ kind: 'magic', call })
    from = call.end
  }
  addCode(code.length)
  return parts
}

/** The text with everything but line ends between the offsets turned into spaces. */
export function blank(text: string, from: number, to: number): string {
  return text.slice(0, from) + text.slice(from, to).replace(/[^\r\n]/g, ' ') + text.slice(to)
}
