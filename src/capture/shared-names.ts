/**
 * Owns turning a cell's declaration of some names into assignments, so that captured definitions, which stand around the cell's body,
 * see what the cell gives them: in a notebook both are one variable.
 */
import { unexported } from '../code/definitions.ts'
import { identifierName, nodeIn, nodesIn } from '../code/parse.ts'
import { patternNames } from '../code/scope.ts'
import type { AstNode } from '../code/parse.ts'

/** A piece of text to put in the place of another. */
export interface Edit {
  start: number
  end: number
  text: string
}

/** The edits, and function declarations that go to the front, where they would be hoisted to. */
export function shareNames(javascript: string, statements: readonly AstNode[], shared: ReadonlySet<string>): { edits: Edit[]; hoisted: AstNode[] } {
  const edits: Edit[] = []
  const hoisted: AstNode[] = []
  if (shared.size === 0) return { edits, hoisted }
  for (const statement of statements) {
    const node = unexported(statement)
    if (!node) continue
    const name = identifierName(nodeIn(node, 'id'))
    if (node.type === 'FunctionDeclaration' && name !== null && shared.has(name)) {
      hoisted.push(node)
      edits.push({ start: node.start, end: node.end, text: '' })
    } else if (node.type === 'ClassDeclaration' && name !== null && shared.has(name)) {
      edits.push({ start: node.start, end: node.start, text: `${name} = ` }, { start: node.end, end: node.end, text: ';' })
    } else if (node.type === 'VariableDeclaration') edits.push(...variableEdits(javascript, node, shared))
  }
  return { edits, hoisted }
}

/** `const a = 1, { b } = x;` → `let b; (a = 1, { b } = x);` when a is shared. */
function variableEdits(javascript: string, node: AstNode, shared: ReadonlySet<string>): Edit[] {
  const declarators = nodesIn(node, 'declarations')
  const names = declarators.flatMap((declarator) => patternNames(nodeIn(declarator, 'id')))
  const isPlain = node.kind === 'const' || node.kind === 'let' || node.kind === 'var'
  if (!isPlain || !names.some((name) => shared.has(name))) return []
  const own = names.filter((name) => !shared.has(name))
  const end = javascript[node.end - 1] === ';' ? node.end - 1 : node.end
  const bare = declarators.filter((declarator) => !nodeIn(declarator, 'init') && node.kind !== 'var')
  return [
    { start: node.start, end: declarators[0]!.start, text: `${own.length > 0 ? `let ${own.join(', ')}; ` : ';'}(` },
    ...bare.map((declarator) => ({ start: declarator.end, end: declarator.end, text: ' = undefined' })),
    { start: end, end: node.end, text: ');' },
  ]
}

/** The text with its edits made; the line breaks of what was replaced stay, so that line numbers do. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let position = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const lost = text.slice(edit.start, edit.end).replace(/[^\n]/g, '').slice(edit.text.split('\n').length - 1)
    result += text.slice(position, edit.start) + edit.text + lost
    position = edit.end
  }
  return result + text.slice(position)
}
