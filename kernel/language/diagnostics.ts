/**
 * Owns the way from the engine's complaints to those of a cell: weighed, placed in the cell's own lines, and written out with source line and caret.
 */
import type { Diagnostic } from '../contract.ts'
import type { EnginePosition } from './engine.ts'
import { readable } from './readable.ts'
import { weighDiagnostic } from './severity.ts'

/** A complaint as LSP gives it. */
export interface EngineDiagnostic {
  range: { start: EnginePosition; end: EnginePosition }
  /** 1 error, 2 warning, 3 information, 4 hint. */
  severity?: number
  code?: number | string
  message: string
}

/** A cell shows at most so many complaints; more help nobody. */
const MOST_DIAGNOSTICS = 100

/** The complaints that matter, in the order of the cell. The document is one line of ours, then the cell. */
export function cellDiagnostics(source: string, found: readonly EngineDiagnostic[]): Diagnostic[] {
  const lines = source.split('\n')
  const answer: Diagnostic[] = []
  for (const { range, severity, code, message } of found) {
    const line = range.start.line - 1
    if ((severity ?? 1) > 2 || line < 0 || line >= lines.length) continue
    const number = Number(code) || 0
    const weight = weighDiagnostic(number, message)
    if (weight === 'noise') continue
    const column = Math.min(range.start.character, lines[line]!.length)
    const lengthChars = Math.max(1, lengthOf(lines, range))
    // Names of earlier cells are imports to the engine and variables to the user.
    const isOurImport = number === 2632
    answer.push({
      code: isOurImport ? 2588 : number,
      severity: weight,
      line: line + 1,
      column: column + 1,
      lengthChars,
      message: readable(isOurImport ? message.replace('it is an import', 'it is a constant') : message),
    })
  }
  return answer.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MOST_DIAGNOSTICS)
}

function lengthOf(lines: readonly string[], { start, end }: EngineDiagnostic['range']): number {
  let length = end.character - start.character
  for (let line = start.line; line < end.line; line++) length += (lines[line - 1]?.length ?? 0) + 1
  return length
}

/** Options of {@link formatDiagnostic}. */
export interface FormatOptions {
  /** ANSI colours; default false. */
  isColoured?: boolean
}

/** A complaint in tsc's form: place, number and words, then the source line with a caret under the text complained of. Several lines, no line feed at the end. */
export function formatDiagnostic(source: string, diagnostic: Diagnostic, options: FormatOptions = {}): string {
  const paint = (code: string, text: string): string => (options.isColoured ? `\x1b[${code}m${text}\x1b[0m` : text)
  const colour = diagnostic.severity === 'error' ? '91' : '93'
  const sourceLine = (source.split('\n')[diagnostic.line - 1] ?? '').replace(/\r$/, '')
  const before = sourceLine.slice(0, diagnostic.column - 1)
  const marked = sourceLine.slice(diagnostic.column - 1, diagnostic.column - 1 + diagnostic.lengthChars)
  const gutter = String(diagnostic.line)
  const caret = blankOf(before) + '~'.repeat(Math.max(1, widthOf(marked))).replace(/^~$/, '^')
  return [
    `${paint('96', `line ${diagnostic.line}`)}:${paint('93', String(diagnostic.column))} - ${paint(colour, diagnostic.severity)} ${paint('90', `TS${diagnostic.code}`)}: ${diagnostic.message}`,
    '',
    `${paint('7', gutter)} ${sourceLine}`,
    `${paint('7', ' '.repeat(gutter.length))} ${paint(colour, caret)}`,
  ].join('\n')
}

/** Blank text as wide as the given one; tabs stay tabs. */
function blankOf(text: string): string {
  return [...text].map((char) => (char === '\t' ? '\t' : ' '.repeat(widthOf(char)))).join('')
}

/** Columns in a terminal: wide for East Asian text and emoji, none for combining marks. */
function widthOf(text: string): number {
  let width = 0
  for (const char of text) {
    if (/\p{Mark}|\u200d/u.test(char)) continue
    width += /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(char) && !/[\u0000-\u00ff]/.test(char) ? 2 : 1
  }
  return width
}
