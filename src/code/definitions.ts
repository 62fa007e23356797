/**
 * Owns what a top-level statement defines: functions, classes, functions bound to a name, lowered enums and namespaces, data.
 * A definition's source is JavaScript that can be evaluated anew anywhere, or, for data, text that is only hashed.
 */
import { digestOf } from './canonical.ts'
import { isLoweredClass } from './decorators.ts'
import { identifierName, nodeIn, nodesIn } from './parse.ts'
import { positionOf } from './text-position.ts'
import { namesUsedWithin, patternNames } from './scope.ts'
import type { TypedPlace } from '../model/run.ts'
import type { RecordedDefinition } from './contract.ts'
import type { AstNode } from './parse.ts'
import type { ScopeReport } from './scope.ts'

type Kind = RecordedDefinition['kind']
/** `textStart`: where the last stretch of `source` begins in the cell's JavaScript; absent when it is put together otherwise. */
interface Part { name: string; kind: Kind; source: string; start: number; end: number; textStart?: number; madeBy?: 'task' | 'flow' }

/** The cell as typed, with the typed line of each line of its JavaScript. */
export interface TypedCell {
  source: string
  lines: readonly number[]
}

/** The definitions of a program's top level, in order; of several for one name the last counts, parts of an enum or namespace are joined. */
export function definitionsOf(javascript: string, statements: AstNode[], report: ScopeReport, typed: TypedCell | null = null): RecordedDefinition[] {
  const typedTexts = typed === null ? [] : typed.source.split('\n')
  const byName = new Map<string, RecordedDefinition>()
  for (const part of statements.flatMap((statement) => partsOf(javascript, statement))) {
    const earlier = byName.get(part.name)
    const joins = earlier !== undefined && (part.kind === 'enum' || part.kind === 'namespace') && earlier.kind !== 'data'
    const source = joins ? `${earlier.source}\n${part.source}` : part.source
    const place = joins || typed === null ? null : typedPlaceOf(javascript, part, typed.lines, typedTexts)
    const freeNames = namesUsedWithin(report, part).filter((name) => name !== part.name)
    byName.set(part.name, {
      name: part.name,
      kind: joins && earlier.kind !== 'enum' ? earlier.kind : part.kind,
      source,
      freeNames: joins ? [...new Set([...earlier.freeNames, ...freeNames])] : freeNames,
      digest: digestOf(source),
      ...(part.madeBy ? { madeBy: part.madeBy } : {}),
      ...(place ? { typed: place } : {}),
    })
  }
  return [...byName.values()]
}

function typedPlaceOf(javascript: string, part: Part, typedLines: readonly number[], typedTexts: readonly string[]): TypedPlace | null {
  if (part.textStart === undefined || part.kind === 'data' && !part.madeBy) return null
  const first = positionOf(javascript, part.textStart).line
  const lines = typedLines.slice(first - 1, first - 1 + part.source.split('\n').length)
  return { filename: '', lines, texts: lines.map((line) => typedTexts[line - 1] ?? '') }
}

/** The statement itself, without an `export` in front; null for an export that declares nothing. */
export function unexported(statement: AstNode): AstNode | null {
  if (statement.type === 'ExportNamedDeclaration') return nodeIn(statement, 'declaration')
  if (statement.type === 'ExportDefaultDeclaration') {
    const declaration = nodeIn(statement, 'declaration')
    return declaration && /Declaration$/.test(declaration.type) && nodeIn(declaration, 'id') ? declaration : null
  }
  return statement
}

/** Whether an expression makes a function when evaluated: a function or an arrow. */
export function isFunctionExpression(node: AstNode | null): boolean {
  return node?.type === 'ArrowFunctionExpression' || node?.type === 'FunctionExpression'
}

function partsOf(javascript: string, statement: AstNode): Part[] {
  const node = unexported(statement)
  if (!node) return []
  const textOf = (part: AstNode): string => javascript.slice(part.start, part.end)
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'ClassDeclaration': {
      const name = identifierName(nodeIn(node, 'id'))
      const kind = node.type === 'ClassDeclaration' ? 'class' : 'function'
      return name === null ? [] : [{ name, kind, source: textOf(node), start: node.start, end: node.end, textStart: node.start }]
    }
    case 'VariableDeclaration': return nodesIn(node, 'declarations').flatMap((declarator) => variableParts(javascript, node, declarator))
    case 'ExpressionStatement': return expressionParts(javascript, nodeIn(node, 'expression')!, node)
    default: return []
  }
}

function variableParts(javascript: string, statement: AstNode, declarator: AstNode): Part[] {
  const pattern = nodeIn(declarator, 'id')
  const initialiser = nodeIn(declarator, 'init')
  const { start, end } = declarator
  const name = identifierName(pattern)
  const declaratorText = javascript.slice(start, end)
  if (name === null) return patternNames(pattern).map((each) => ({ name: each, kind: 'data', source: `${String(statement.kind)} ${declaratorText};`, start, end }))
  if (!initialiser) return [{ name, kind: 'data', source: `${name};`, start, end }]
  if (isLoweredEnum(initialiser, name)) return [{ name, kind: 'enum', source: `var ${declaratorText};`, start, end }]
  return [assignedPart(javascript, name, initialiser, start, end)]
}

function expressionParts(javascript: string, expression: AstNode, statement: AstNode): Part[] {
  const { start, end } = statement
  const namespace = loweredNamespaceName(expression)
  if (namespace !== null) return [{ name: namespace, kind: 'namespace', source: `var ${namespace};\n${javascript.slice(start, end)}`, start, end }]
  if (expression.type !== 'AssignmentExpression' || expression.operator !== '=') return []
  const name = identifierName(nodeIn(expression, 'left'))
  const right = nodeIn(expression, 'right')
  if (name === null || !right) return []
  const part = assignedPart(javascript, name, right, start, end)
  // A plain assignment of data defines nothing new: the name was declared elsewhere.
  return part.kind === 'data' && !part.madeBy ? [] : [part]
}

/** A name bound to an expression: a function, a class, a task, or data. */
function assignedPart(javascript: string, name: string, initialiser: AstNode, start: number, end: number): Part {
  const source = `${name} = ${javascript.slice(initialiser.start, initialiser.end)};`
  const place = { source, start, end, textStart: initialiser.start }
  if (isFunctionExpression(initialiser)) return { name, kind: 'const-function', ...place }
  if (initialiser.type === 'ClassExpression' || isLoweredClass(javascript, initialiser)) return { name, kind: 'class', ...place }
  const madeBy = taskMaker(initialiser)
  return { name, kind: 'data', ...place, ...(madeBy ? { madeBy } : {}) }
}

/** `function(E) {…}(E || {})`, the way oxc prints `enum E`. */
function isLoweredEnum(node: AstNode, name: string): boolean {
  return loweredTarget(node) === name
}

/** `(function(_NS) {…})(NS || (NS = {}))`, the way oxc prints `namespace NS`. */
function loweredNamespaceName(node: AstNode): string | null {
  return loweredTarget(node)
}

function loweredTarget(node: AstNode): string | null {
  if (node.type !== 'CallExpression' || nodeIn(node, 'callee')?.type !== 'FunctionExpression') return null
  const [argument, ...rest] = nodesIn(node, 'arguments')
  if (rest.length > 0 || argument?.type !== 'LogicalExpression' || argument.operator !== '||') return null
  const right = nodeIn(argument, 'right')
  const empty = right?.type === 'AssignmentExpression' ? nodeIn(right, 'right') : right
  return empty?.type === 'ObjectExpression' && nodesIn(empty, 'properties').length === 0 ? identifierName(nodeIn(argument, 'left')) : null
}

/** `task({…}, fn)`, `flow(fn)`, `labflow.task(…)`, also with `.with(…)` behind it. */
function taskMaker(node: AstNode): 'task' | 'flow' | null {
  if (node.type !== 'CallExpression') return null
  const callee = nodeIn(node, 'callee')
  const member = callee?.type === 'MemberExpression' && !callee.computed ? identifierName(nodeIn(callee, 'property')) : null
  if (member === 'with') {
    const object = nodeIn(callee!, 'object')
    return object ? taskMaker(object) : null
  }
  const name = member ?? identifierName(callee)
  return name === 'task' || name === 'flow' ? name : null
}
