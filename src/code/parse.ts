/**
 * Owns the door to oxc-parser: source text to a syntax tree with UTF-16 offsets, and syntax errors with their place.
 * Refuses to guess: a text with errors gives errors, never half a tree.
 */
import { parseSync, visitorKeys } from 'oxc-parser'
import { LabflowError } from '../model/errors.ts'
import { positionOf } from './text-position.ts'

/** A node of the ESTree that oxc-parser builds. Fields depend on `type`; offsets are UTF-16 units into the parsed text. */
export interface AstNode {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

/** A syntax error. `line` and `column` count from 1; `isAtEnd` = more text could repair it, as in an unfinished block. */
export interface ParseError {
  message: string
  offset: number
  line: number
  column: number
  isAtEnd: boolean
}

export type SourceLanguage = 'js' | 'jsx' | 'ts' | 'tsx'

/** The language a file name stands for; TypeScript when its extension says nothing. */
export function languageOf(filename: string): SourceLanguage {
  if (/\.tsx$/i.test(filename)) return 'tsx'
  if (/\.jsx$/i.test(filename)) return 'jsx'
  if (/\.[cm]?js$/i.test(filename)) return 'js'
  return 'ts'
}

/**
 * The statements of a module, without nodes for parentheses.
 * @throws LabflowError BAD_CODE with line, column and caret when the text has a syntax error.
 */
export function parseModule(source: string, filename = 'cell.js'): AstNode {
  const lang = languageOf(filename)
  const known = trees.find((tree) => tree.source === source && tree.lang === lang)
  if (known) return known.program
  const result = parseSync(filename, source, { lang, sourceType: 'module', preserveParens: false })
  if (result.errors.length > 0) throw badCode(source, filename, toParseError(source, result.errors[0]!))
  const program = result.program as unknown as AstNode
  trees.unshift({ source, lang, program })
  trees.length = Math.min(trees.length, MAX_TREES)
  return program
}

/** The last trees: one cell is parsed by analysis, transform and four steps of its capture, and building a tree is most of the cost. Nobody changes a tree. */
const trees: { source: string; lang: SourceLanguage; program: AstNode }[] = []
const MAX_TREES = 4

/** Spans of the comments of a text, in order; empty when it cannot be parsed. */
export function commentSpans(source: string, filename = 'cell.js'): { start: number; end: number; text: string }[] {
  const result = parseSync(filename, source, { lang: languageOf(filename), sourceType: 'module' })
  return result.comments.map(({ start, end, value }) => ({ start, end, text: value }))
}

/** Syntax errors of a text in the order found; empty when it parses. Never throws. */
export function parseErrors(source: string, filename = 'cell.ts'): ParseError[] {
  const result = parseSync(filename, source, { lang: languageOf(filename), sourceType: 'module' })
  return result.errors.map((error) => toParseError(source, error))
}

/** A BAD_CODE error that shows the line and a caret; `detail` has line, column, offset, sourceLine and caret. */
export function badCode(source: string, filename: string, error: ParseError): LabflowError {
  const sourceLine = source.split('\n')[error.line - 1] ?? ''
  const caret = sourceLine.slice(0, error.column - 1).replace(/[^\t]/g, ' ') + '^'
  const text = `${error.message} at line ${error.line}, column ${error.column}\n  ${sourceLine}\n  ${caret}`
  return new LabflowError('BAD_CODE', text, {
    detail: { filename, line: error.line, column: error.column, offset: error.offset, sourceLine, caret, reason: error.message },
  })
}

/** The child nodes of a node, in source order. */
export function childrenOf(node: AstNode): AstNode[] {
  const children: AstNode[] = []
  for (const key of visitorKeys[node.type] ?? []) {
    const value = node[key]
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) children.push(item)
    } else if (isNode(value)) children.push(value)
  }
  return children
}

/** The node in a field, or null. */
export function nodeIn(node: AstNode, field: string): AstNode | null {
  const value = node[field]
  return isNode(value) ? value : null
}

/** The nodes of a list field, without holes. */
export function nodesIn(node: AstNode, field: string): AstNode[] {
  const value = node[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The name of an Identifier, else null. */
export function identifierName(node: AstNode | null): string | null {
  return node?.type === 'Identifier' ? (node.name as string) : null
}

function isNode(value: unknown): value is AstNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}

function toParseError(source: string, error: { message: string; labels: readonly { start: number }[] }): ParseError {
  const offset = error.labels[0]?.start ?? 0
  const message = error.message
  // A template or block comment may go on in the next line; a quoted string may not.
  const isOpenText = /^Unterminated (string|template)/i.test(message) && source[offset] === '`'
  const isOpenComment = /^Unterminated multi-?line comment/i.test(message)
  const isAtEnd = isOpenText || isOpenComment || offset >= source.trimEnd().length
  return { message, offset, ...positionOf(source, offset), isAtEnd }
}

/** Specifiers that a JavaScript module asks for: imports, re-exports, `import('literal')`, `require('literal')`; each once, in order. */
export function moduleRequests(javascript: string, filename = 'module.js'): string[] {
  const result = parseSync(filename, javascript, { lang: languageOf(filename), sourceType: 'module' })
  const { staticImports, staticExports, dynamicImports } = result.module
  const specifiers = staticImports.map((item) => item.moduleRequest.value)
  for (const item of staticExports) for (const entry of item.entries) if (entry.moduleRequest) specifiers.push(entry.moduleRequest.value)
  for (const { moduleRequest } of dynamicImports) {
    const literal = /^(['"`])([^'"`$\\]+)\1$/.exec(javascript.slice(moduleRequest.start, moduleRequest.end))
    if (literal) specifiers.push(literal[2]!)
  }
  for (const match of javascript.matchAll(/\brequire\(\s*(['"])([^'"\\]+)\1\s*\)/g)) specifiers.push(match[2]!)
  return [...new Set(specifiers)]
}
