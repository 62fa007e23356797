/**
 * Owns the parameters of a flow cell: names declared at the top level with a literal initialiser.
 * Literals are numbers with sign, strings, booleans, null, and arrays and objects of these; anything else is no parameter.
 */
import { identifierName, nodeIn, nodesIn } from './parse.ts'
import { unexported } from './definitions.ts'
import type { CellParameter } from './contract.ts'
import type { AstNode } from './parse.ts'

/** The parameters of a program, in order; offsets point into its text. */
export function parametersOf(statements: AstNode[]): CellParameter[] {
  const parameters: CellParameter[] = []
  for (const statement of statements) {
    const node = unexported(statement)
    if (node?.type !== 'VariableDeclaration' || (node.kind !== 'let' && node.kind !== 'const')) continue
    for (const declarator of nodesIn(node, 'declarations')) {
      const name = identifierName(nodeIn(declarator, 'id'))
      const initialiser = nodeIn(declarator, 'init')
      const literal = name === null || !initialiser ? null : literalOf(initialiser)
      if (name !== null && initialiser && literal) parameters.push({ name, type: widenedType(literal.value), value: literal.value, start: initialiser.start, end: initialiser.end })
    }
  }
  return parameters
}

/** The value of a literal expression, boxed so that null can be told from "no literal". */
function literalOf(node: AstNode): { value: unknown } | null {
  switch (node.type) {
    case 'Literal': return isPlainLiteral(node.value) && node.regex === undefined && node.bigint === undefined ? { value: node.value } : null
    case 'TemplateLiteral': return templateText(node)
    case 'UnaryExpression': {
      const argument = nodeIn(node, 'argument')
      const inner = argument?.type === 'Literal' && typeof argument.value === 'number' ? argument.value : null
      if (inner === null || (node.operator !== '-' && node.operator !== '+')) return null
      return { value: node.operator === '-' ? -inner : inner }
    }
    case 'ArrayExpression': return arrayLiteral(node)
    case 'ObjectExpression': return objectLiteral(node)
    default: return null
  }
}

/** The TypeScript type a `let` with this value would have: number, string[], { a: number }. */
function widenedType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) {
    const types = [...new Set(value.map(widenedType))]
    if (types.length === 0) return 'unknown[]'
    return types.length === 1 && !types[0]!.includes(' | ') ? `${types[0]}[]` : `(${types.join(' | ')})[]`
  }
  if (typeof value !== 'object') return typeof value
  const fields = Object.entries(value as Record<string, unknown>).map(([key, field]) => `${fieldName(key)}: ${widenedType(field)}`)
  return fields.length === 0 ? '{}' : `{ ${fields.join('; ')} }`
}

function fieldName(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)
}

function isPlainLiteral(value: unknown): boolean {
  return value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
}

function templateText(node: AstNode): { value: string } | null {
  if (nodesIn(node, 'expressions').length > 0) return null
  const quasi = (node.quasis as { value: { cooked: string | null } }[])[0]
  return typeof quasi?.value.cooked === 'string' ? { value: quasi.value.cooked } : null
}

function arrayLiteral(node: AstNode): { value: unknown[] } | null {
  const values: unknown[] = []
  for (const element of node.elements as (AstNode | null)[]) {
    const literal = element ? literalOf(element) : null
    if (!literal) return null
    values.push(literal.value)
  }
  return { value: values }
}

function objectLiteral(node: AstNode): { value: Record<string, unknown> } | null {
  const value: Record<string, unknown> = {}
  for (const property of nodesIn(node, 'properties')) {
    if (property.type !== 'Property' || property.computed || property.method || property.shorthand || property.kind !== 'init') return null
    const key = nodeIn(property, 'key')
    const name = identifierName(key) ?? (key?.type === 'Literal' ? String(key.value) : null)
    const field = nodeIn(property, 'value')
    const literal = field ? literalOf(field) : null
    if (name === null || name === '__proto__' || !literal) return null
    value[name] = literal.value
  }
  return { value }
}
