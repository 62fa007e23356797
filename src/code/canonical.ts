/**
 * Owns the canonical form of code, by which two texts count as the same: comments, formatting, quotes, needless parentheses and
 * semicolons, and types do not count; the contents of strings and templates do.
 */
import { createHash } from 'node:crypto'
import { transformSync } from 'oxc-transform'
import { childrenOf, commentSpans, parseModule } from './parse.ts'
import type { AstNode } from './parse.ts'
import { stripTypes } from './strip.ts'

/**
 * The canonical text of JavaScript statements, printed anew without comments.
 * @throws LabflowError BAD_CODE for a text that does not parse.
 */
export function canonicalText(javascript: string): string {
  const bare = withoutComments(javascript)
  const result = transformSync('canonical.js', bare, { lang: 'js', sourceType: 'module', target: 'esnext' })
  // stripTypes says what is wrong, in words.
  if (result.errors.length > 0) return stripTypes(javascript, 'canonical.js').code.trim()
  const printed = result.code.trim()
  // A line of one semicolon is an empty statement, unless it stands in a template.
  if (!/^\s*;\s*$/m.test(printed)) return printed
  const full = withoutEmptyStatements(printed)
  return full === printed ? printed : canonicalText(full)
}

/** sha256 hex of the {@link canonicalText} of JavaScript statements. */
export function digestOf(javascript: string): string {
  return sha256(canonicalText(javascript))
}

/** The same text with its comments blanked (line breaks kept), so that offsets hold. */
function withoutComments(source: string, filename = 'cell.js'): string {
  if (!source.includes('//') && !source.includes('/*') && !source.includes('<!--')) return source
  let bare = ''
  let position = 0
  for (const { start, end } of commentSpans(source, filename)) {
    bare += source.slice(position, start) + source.slice(start, end).replace(/[^\n\r\u2028\u2029]/g, ' ')
    position = end
  }
  return bare + source.slice(position)
}

/** Drops empty statements from lists of statements; one that is the body of a loop stays. */
function withoutEmptyStatements(javascript: string): string {
  const spans: AstNode[] = []
  const visit = (node: AstNode): void => {
    const isList = node.type === 'Program' || node.type === 'BlockStatement' || node.type === 'StaticBlock' || node.type === 'SwitchCase'
    for (const child of childrenOf(node)) {
      if (isList && child.type === 'EmptyStatement') spans.push(child)
      else visit(child)
    }
  }
  visit(parseModule(javascript))
  let kept = ''
  let position = 0
  for (const { start, end } of spans) {
    kept += javascript.slice(position, start)
    position = end
  }
  return kept + javascript.slice(position)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
