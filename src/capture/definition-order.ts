/**
 * Owns the order in which captured definitions are evaluated: what a definition needs at the moment it is made comes first
 * (superclasses, static fields, enum members, arguments of task()), together with all that these may call.
 */
import { childrenOf, nodeIn, nodesIn, parseModule } from '../code/parse.ts'
import { analyzeScopes } from '../code/scope.ts'
import type { AstNode } from '../code/parse.ts'
import type { RecordedDefinition } from '../code/contract.ts'

/** The definitions in an order that works, functions (which hoist) first. */
export function orderDefinitions(definitions: readonly RecordedDefinition[]): RecordedDefinition[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]))
  const ordered = definitions.filter((definition) => definition.kind === 'function')
  const placed = new Set(ordered.map((definition) => definition.name))
  const visiting = new Set<string>()

  const place = (name: string): void => {
    const definition = byName.get(name)
    if (!definition || visiting.has(name)) return
    visiting.add(name)
    for (const needed of namesNeededAtOnce(definition)) placeReach(needed)
    if (!placed.has(name)) {
      placed.add(name)
      ordered.push(definition)
    }
    visiting.delete(name)
  }
  /** A name and whatever can run when it is called. */
  const placeReach = (root: string): void => {
    for (const name of reach(root, byName)) if (!placed.has(name)) place(name)
    if (!placed.has(root)) place(root)
  }
  for (const definition of definitions) if (!placed.has(definition.name)) place(definition.name)
  return ordered
}

function reach(root: string, byName: ReadonlyMap<string, RecordedDefinition>): string[] {
  const found = new Set<string>()
  const open = [root]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue
    found.add(name)
    open.push(...(byName.get(name)?.freeNames ?? []))
  }
  found.delete(root)
  return [...found].reverse()
}

/** Names read while the definition itself is evaluated, as against later when it is called. */
export function namesNeededAtOnce(definition: Pick<RecordedDefinition, 'name' | 'kind' | 'source'>): string[] {
  if (definition.kind === 'function' || definition.kind === 'const-function') return []
  const program = parseModule(definition.source)
  const spans: { start: number; end: number }[] = []
  const skip = (node: AstNode): void => {
    const callee = node.type === 'CallExpression' ? nodeIn(node, 'callee') : null
    if (callee?.type === 'ArrowFunctionExpression') [...childrenOf(callee), ...nodesIn(node, 'arguments')].forEach(skip)
    else if (isLater(node)) spans.push({ start: node.start, end: node.end })
    else childrenOf(node).forEach(skip)
  }
  nodesIn(program, 'body').forEach(skip)
  const uses = analyzeScopes(program).uses.filter((use) => !spans.some((span) => use.start >= span.start && use.end <= span.end))
  return [...new Set(uses.map((use) => use.name))].filter((name) => name !== definition.name)
}

/** Code that runs on a call or on construction. A function that is called where it stands (lowered enums) runs at once. */
function isLater(node: AstNode): boolean {
  switch (node.type) {
    case 'ArrowFunctionExpression':
    case 'FunctionDeclaration':
    case 'MethodDefinition': return node.computed !== true
    case 'FunctionExpression': return false
    case 'PropertyDefinition': return node.static !== true && node.computed !== true && nodeIn(node, 'value') !== null
    default: return false
  }
}
