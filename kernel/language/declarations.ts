/**
 * Owns the short form of an earlier cell: its declarations without its work, so that checking a cell costs the same after 10 cells and after 600.
 * Keeps the source of whatever a printed type would not describe faithfully.
 */
import { type AstNode, identifierName, nodeIn, nodesIn, parseModule } from '../../src/code/parse.ts'
import { patternNames } from '../../src/code/scope.ts'
import type { CellStatement } from './cell-names.ts'

/** A type that is one literal: a `const` of it widens when copied into a `let`, and `const x: 5` would not. */
const LITERAL = /^(?:-?\d[\w.+-]*|"(?:[^"\\]|\\.)*"|true|false)$/
const HAS_LITERAL = /(?:^|\| )(?:-?\d|"|true\b|false\b)/

/** The declarations of a cell as module text without imports of earlier cells and without exports. `types` are the printed types by name; hidden names are declared below the top level. */
export function declarationText(source: string, statements: readonly CellStatement[], types: ReadonlyMap<string, string>, hasHiddenNames: boolean): string {
  const declaredTwice = new Set<string>()
  const seen = new Set<string>()
  for (const name of statements.flatMap(({ names }) => names)) (seen.has(name) ? declaredTwice : seen).add(name)
  const lines: string[] = []
  for (const statement of statements) {
    // A `var` in a loop or block is a name of the notebook as well.
    const declaresInside = statement.kind === 'other' && hasHiddenNames && /\bvar\b/.test(source.slice(statement.start, statement.end))
    if (statement.kind === 'other' && !declaresInside) continue
    const mustKeep = declaresInside || statement.kind === 'kept' || statement.kind === 'import' || statement.names.some((name) => declaredTwice.has(name))
    const printed = mustKeep ? null : statement.kind === 'function' ? printedFunction(statement, types) : printedVariables(source, statement, types)
    if (statement.documentation) lines.push(statement.documentation)
    lines.push(printed ?? source.slice(statement.node.start, statement.node.end))
  }
  return lines.join('\n')
}

function printedFunction(statement: CellStatement, types: ReadonlyMap<string, string>): string | null {
  const name = statement.names[0]
  const type = name === undefined ? undefined : types.get(name)
  if (name === undefined || type === undefined || isLossy(type)) return null
  const signature = functionType(type)
  // Overloads and functions with properties print as an object type, which a constant can have.
  return signature ? `declare function ${name}${signature.head}: ${signature.returns};` : type.startsWith('{') ? `declare const ${name}: ${type};` : null
}

function functionType(type: string): { head: string; returns: string } | null {
  const prefix = 'type T = '
  let node: AstNode | null
  try {
    node = nodeIn(nodesIn(parseModule(prefix + type, 'type.ts'), 'body')[0]!, 'typeAnnotation')
  } catch {
    return null
  }
  const returned = node?.type === 'TSFunctionType' ? nodeIn(node, 'returnType') : null
  const inner = returned && (nodeIn(returned, 'typeAnnotation') ?? returned)
  if (!inner) return null
  const head = (prefix + type).slice(prefix.length, inner.start).replace(/\s*=>\s*$/, '')
  return { head, returns: (prefix + type).slice(inner.start) }
}

function printedVariables(source: string, statement: CellStatement, types: ReadonlyMap<string, string>): string | null {
  const lines: string[] = []
  const keyword = statement.isMutable ? 'let' : 'const'
  for (const declarator of nodesIn(statement.node, 'declarations')) {
    const id = nodeIn(declarator, 'id')
    const name = identifierName(id)
    const annotation = id ? nodeIn(id, 'typeAnnotation') : null
    if (name !== null && annotation) {
      lines.push(`declare ${keyword} ${name}${source.slice(annotation.start, annotation.end)};`)
      continue
    }
    const initialiser = nodeIn(declarator, 'init')
    for (const each of patternNames(id)) {
      const type = types.get(each)
      if (type === undefined || !isFaithful(source, each, type, initialiser, keyword)) return null
      lines.push(keyword === 'const' && LITERAL.test(type) ? `declare const ${each} = ${type};` : `declare ${keyword} ${each}: ${type};`)
    }
  }
  return lines.join('\n')
}

/** Where a type refers to itself the printer writes `any`; a part that really is any cannot be told from it. */
function isLossy(type: string): boolean {
  return type !== 'any' && type !== 'any[]' && /\bany\b/.test(type)
}

function isFaithful(source: string, name: string, type: string, initialiser: AstNode | null, keyword: string): boolean {
  if (initialiser?.type === 'ClassExpression' || (initialiser && isLossy(type))) return false
  if (type.includes('unique symbol') || type === `typeof ${name}` || type.includes('(Anonymous class)') || type.includes('(Anonymous function)')) return false
  if (keyword !== 'const') return true
  // An enum member and a union of literals widen as well, and have no ambient initialiser.
  if (initialiser && source.slice(initialiser.start, initialiser.end) === type && !LITERAL.test(type)) return false
  return LITERAL.test(type) || !HAS_LITERAL.test(type)
}
