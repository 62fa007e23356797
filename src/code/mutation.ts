/**
 * Owns the question whether an expression changes a value in place, and whose: `arr.push(1)`, `model.x = 2`, `delete o.k`.
 * Sees what the text says, no aliases: a change through another name is found by comparing digests after the run.
 */
import { identifierName, nodeIn, nodesIn } from './parse.ts'
import type { AstNode } from './parse.ts'

const CHANGING_METHODS: ReadonlySet<string> = new Set([
  'push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill', 'copyWithin', 'set', 'add', 'delete', 'clear',
])

/** Static functions whose first argument they change. */
const CHANGING_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  Object: ['assign', 'defineProperty', 'defineProperties', 'setPrototypeOf', 'freeze', 'seal', 'preventExtensions'],
  Reflect: ['set', 'defineProperty', 'deleteProperty', 'setPrototypeOf'],
  Atomics: ['store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'],
}

/** The identifier at the root of what the expression changes in place, or null. Looks at this node only, not into it. */
export function inPlaceTarget(node: AstNode): AstNode | null {
  switch (node.type) {
    case 'AssignmentExpression': return memberRoot(nodeIn(node, 'left'))
    case 'UpdateExpression': return memberRoot(nodeIn(node, 'argument'))
    case 'UnaryExpression': return node.operator === 'delete' ? memberRoot(unchained(nodeIn(node, 'argument'))) : null
    case 'CallExpression': return callTarget(node)
    default: return null
  }
}

function callTarget(call: AstNode): AstNode | null {
  const callee = unchained(nodeIn(call, 'callee'))
  if (callee?.type !== 'MemberExpression') return null
  const method = memberName(callee)
  if (method === null) return null
  const object = unchained(nodeIn(callee, 'object'))
  const owner = identifierName(object)
  if (owner !== null && CHANGING_FUNCTIONS[owner]?.includes(method)) {
    const argument = nodesIn(call, 'arguments')[0] ?? null
    return argument?.type === 'Identifier' ? argument : memberRoot(argument)
  }
  if (!CHANGING_METHODS.has(method)) return null
  return object?.type === 'Identifier' ? object : memberRoot(object)
}

/** The identifier a chain of members starts from; null when it starts from anything else, such as a call. */
function memberRoot(node: AstNode | null): AstNode | null {
  let current = unchained(node)
  if (current?.type !== 'MemberExpression') return null
  while (current?.type === 'MemberExpression') current = unchained(nodeIn(current, 'object'))
  return current?.type === 'Identifier' ? current : null
}

function memberName(member: AstNode): string | null {
  const property = nodeIn(member, 'property')
  if (!member.computed) return identifierName(property)
  return property?.type === 'Literal' && typeof property.value === 'string' ? property.value : null
}

function unchained(node: AstNode | null): AstNode | null {
  return node?.type === 'ChainExpression' ? nodeIn(node, 'expression') : node
}
