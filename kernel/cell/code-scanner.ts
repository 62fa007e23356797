/**
 * Owns a scan of TypeScript text that knows only brackets, strings, templates, comments and regexes: enough to tell whether a line starts
 * at the top level. Refuses to parse: a cell with magic lines in it is not TypeScript yet.
 */

/** How the text before a line ends: `operator` expects an operand, so a `!` there negates. */
export type TokenEnd = 'none' | 'value' | 'operator' | 'end'

/** Told of each line that starts outside brackets, strings, templates and comments; `true` makes the scan skip the line. */
export type LineVisitor = (line: { start: number; end: number; number: number; previous: TokenEnd }) => boolean

export interface ScanResult {
  /** Identifiers of the code that was not skipped, without property names after a dot. */
  identifiers: Set<string>
}

const OPERAND_WORDS = new Set([
  'return', 'typeof', 'instanceof', 'in', 'of', 'new', 'delete', 'void', 'throw', 'case', 'do', 'else', 'await', 'yield', 'extends', 'default', 'as', 'satisfies',
])
const CONTROL_WORDS = new Set(['if', 'while', 'for', 'with', 'switch', 'catch'])
const OPENERS = '([{'
const CLOSERS = ')]}'

interface Bracket {
  open: string
  /** The `(` of `if (…)`: what follows its `)` is a statement, so a slash there starts a regex. */
  isControl: boolean
  /** The `${` of a template: its `}` goes back into the template's text. */
  isTemplate: boolean
}

/** Scans `text` from `from`, asking `visit` at every top-level line. */
export function scanCode(text: string, from: number, visit: LineVisitor): ScanResult {
  return new CodeScanner(text, visit).scan(from)
}

class CodeScanner {
  readonly #text: string
  readonly #visit: LineVisitor
  readonly #identifiers = new Set<string>()
  readonly #brackets: Bracket[] = []
  #at = 0
  #line = 1
  #previous: TokenEnd = 'none'
  #previousWord = ''

  constructor(text: string, visit: LineVisitor) {
    this.#text = text
    this.#visit = visit
  }

  scan(from: number): ScanResult {
    this.#at = from
    this.#line = 1 + countLines(this.#text.slice(0, from))
    this.#visitLines()
    while (this.#at < this.#text.length) this.#step()
    return { identifiers: this.#identifiers }
  }

  /** At the start of a line: offers it, and the ones after it for as long as they are skipped. */
  #visitLines(): void {
    while (this.#at < this.#text.length && this.#brackets.length === 0) {
      const start = this.#at
      const end = lineEnd(this.#text, start)
      if (!this.#visit({ start, end, number: this.#line, previous: this.#previous })) return
      this.#at = Math.min(end + 1, this.#text.length)
      if (end < this.#text.length) this.#line++
    }
  }

  #step(): void {
    const text = this.#text
    const char = text[this.#at] as string
    if (char === '\n') {
      this.#at++
      this.#line++
      if (this.#previousWord === '}') this.#previous = 'end'
      this.#visitLines()
    } else if (/\s/.test(char)) this.#at++
    else if (char === '/' && text[this.#at + 1] === '/') this.#at = lineEnd(text, this.#at)
    else if (char === '/' && text[this.#at + 1] === '*') this.#blockComment()
    else if (char === '"' || char === "'") this.#string(char)
    else if (char === '`') this.#templateText(this.#at + 1)
    else if (char === '/' && this.#previous !== 'value' && this.#regexEnd() !== -1) {
      this.#at = this.#regexEnd()
      this.#after('value', '/')
    } else if (/[\p{ID_Start}$_#@\d]/u.test(char)) this.#word()
    else this.#punctuation(char)
  }

  #after(kind: TokenEnd, word: string): void {
    this.#previous = kind
    this.#previousWord = word
  }

  #blockComment(): void {
    const close = this.#text.indexOf('*/', this.#at + 2)
    const end = close === -1 ? this.#text.length : close + 2
    this.#line += countLines(this.#text.slice(this.#at, end))
    this.#at = end
  }

  /** A string ends at its quote, or at the line's end when it was never closed. */
  #string(quote: string): void {
    let at = this.#at + 1
    while (at < this.#text.length && this.#text[at] !== quote && this.#text[at] !== '\n') {
      if (this.#text[at] === '\\') {
        if (this.#text[at + 1] === '\n') this.#line++
        at++
      }
      at++
    }
    this.#at = this.#text[at] === quote ? at + 1 : Math.min(at, this.#text.length)
    this.#after('value', quote)
  }

  #templateText(from: number): void {
    let at = from
    for (; at < this.#text.length; at++) {
      const char = this.#text[at]
      if (char === '\n') this.#line++
      else if (char === '\\') {
        at++
        if (this.#text[at] === '\n') this.#line++
      } else if (char === '`') {
        this.#at = at + 1
        this.#after('value', '`')
        return
      } else if (char === '$' && this.#text[at + 1] === '{') {
        this.#brackets.push({ open: '{', isControl: false, isTemplate: true })
        this.#at = at + 2
        this.#after('operator', '${')
        return
      }
    }
    this.#at = this.#text.length
  }

  /** The end of the regex that starts here, flags included; -1 when the line ends first, so that the slash divides. */
  #regexEnd(): number {
    let isInClass = false
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const char = this.#text[at]
      if (char === '\n') return -1
      if (char === '\\') at++
      else if (char === '[') isInClass = true
      else if (char === ']') isInClass = false
      else if (char === '/' && !isInClass) {
        const flags = /^[a-z]*/.exec(this.#text.slice(at + 1, at + 12))
        return at + 1 + (flags?.[0].length ?? 0)
      }
    }
    return -1
  }

  #word(): void {
    const match = /^[#@]?[\p{ID_Continue}$]+/u.exec(this.#text.slice(this.#at, this.#at + 400)) ?? ['#']
    const word = match[0]
    const isProperty = this.#previousWord === '.' || this.#previousWord === '?.'
    this.#at += word.length
    if (!isProperty && /^[\p{ID_Start}$_]/u.test(word)) this.#identifiers.add(word)
    this.#after(!isProperty && OPERAND_WORDS.has(word) ? 'operator' : 'value', word)
  }

  #punctuation(char: string): void {
    const text = this.#text
    this.#at++
    if (OPENERS.includes(char)) {
      this.#brackets.push({ open: char, isControl: char === '(' && CONTROL_WORDS.has(this.#previousWord), isTemplate: false })
      this.#after('operator', char)
    } else if (CLOSERS.includes(char)) {
      const bracket = this.#brackets.pop()
      if (bracket?.isTemplate) this.#templateText(this.#at)
      else this.#after(bracket?.isControl ? 'end' : 'value', char)
    } else if (char === ';') this.#after('end', char)
    else if ((char === '+' || char === '-') && text[this.#at] === char) {
      this.#at++
      this.#after(this.#previous === 'value' ? 'value' : 'operator', char + char)
    } else if (char === '?' && text[this.#at] === '.') {
      this.#at++
      this.#after('operator', '?.')
    } else if (char === '!' && this.#previous === 'value' && text[this.#at] !== '=') this.#after('value', '!')
    else this.#after('operator', char)
  }
}

/** The offset of the line feed that ends the line at `at`, or the text's length. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}
