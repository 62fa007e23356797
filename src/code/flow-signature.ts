/**
 * Owns what can be read from a file's text about the tasks and flows it exports: names, parameters, types, defaults, JSDoc.
 * Refuses to run the file: `--help` must answer without executing anything.
 */
import { childrenOf, commentSpans, identifierName, nodeIn, nodesIn, parseModule, type AstNode } from './parse.ts'

export interface SignatureParameter {
  name: string
  /** TypeScript text of the type, `unknown` when there is none. */
  type: string
  /** Text of the default value, null when the parameter must be given. */
  defaultText: string | null
  isOptional: boolean
  /** First paragraph of its JSDoc. */
  help: string
}

export interface FlowSignature {
  kind: 'task' | 'flow'
  /** Name under which the file exports it. */
  exportName: string
  /** The `name` option, else the export's name. */
  name: string
  help: string
  /** Fields of the object that the function takes; null when it takes something else. */
  parameters: SignatureParameter[] | null
}

interface FileText {
  source: string
  comments: { start: number; end: number; text: string }[]
  types: Map<string, AstNode>
}

/** Signatures of every `export const x = task(…)` and `flow(…)` of a file, in order. @throws LabflowError BAD_CODE on a syntax error. */
export function flowSignatures(source: string, filename: string): FlowSignature[] {
  const program = parseModule(source, filename)
  const statements = nodesIn(program, 'body')
  const makers = importedMakers(statements)
  const file: FileText = { source, comments: commentSpans(source, filename), types: declaredTypes(statements) }
  const found: FlowSignature[] = []
  for (const statement of statements) {
    if (statement.type !== 'ExportNamedDeclaration') continue
    const declaration = nodeIn(statement, 'declaration')
    if (declaration?.type !== 'VariableDeclaration') continue
    for (const declarator of nodesIn(declaration, 'declarations')) {
      const signature = signatureOf(declarator, statement, makers, file)
      if (signature !== null) found.push(signature)
    }
  }
  return found
}

/** Local names of labflow's `task` and `flow` in the file. */
function importedMakers(statements: AstNode[]): Map<string, 'task' | 'flow'> {
  const makers = new Map<string, 'task' | 'flow'>()
  for (const statement of statements) {
    if (statement.type !== 'ImportDeclaration' || (nodeIn(statement, 'source')?.value as string) !== 'labflow') continue
    for (const specifier of nodesIn(statement, 'specifiers')) {
      const imported = identifierName(nodeIn(specifier, 'imported'))
      const local = identifierName(nodeIn(specifier, 'local'))
      if (local !== null && (imported === 'task' || imported === 'flow')) makers.set(local, imported)
    }
  }
  return makers
}

function declaredTypes(statements: AstNode[]): Map<string, AstNode> {
  const types = new Map<string, AstNode>()
  for (const statement of statements) {
    const declaration = nodeIn(statement, 'declaration') ?? statement
    const name = identifierName(nodeIn(declaration, 'id'))
    if (name === null) continue
    if (declaration.type === 'TSInterfaceDeclaration') types.set(name, nodeIn(declaration, 'body') as AstNode)
    if (declaration.type === 'TSTypeAliasDeclaration') types.set(name, nodeIn(declaration, 'typeAnnotation') as AstNode)
  }
  return types
}

function signatureOf(declarator: AstNode, statement: AstNode, makers: Map<string, 'task' | 'flow'>, file: FileText): FlowSignature | null {
  const exportName = identifierName(nodeIn(declarator, 'id'))
  const call = nodeIn(declarator, 'init')
  const kind = call?.type === 'CallExpression' ? makers.get(identifierName(nodeIn(call, 'callee')) ?? '') : undefined
  if (exportName === null || call === null || kind === undefined) return null
  const words = nodesIn(call, 'arguments')
  const options = words.find((word) => word.type === 'ObjectExpression')
  const body = words.find((word) => word.type === 'ArrowFunctionExpression' || word.type === 'FunctionExpression')
  return {
    kind,
    exportName,
    name: (options === undefined ? null : textOption(options, 'name')) ?? exportName,
    help: documentationBefore(statement.start, file) || ((options === undefined ? null : textOption(options, 'description')) ?? ''),
    parameters: body === undefined ? null : parametersOf(body, file),
  }
}

function textOption(options: AstNode, name: string): string | null {
  for (const property of nodesIn(options, 'properties')) {
    const value = nodeIn(property, 'value')
    if (identifierName(nodeIn(property, 'key')) === name && value?.type === 'Literal' && typeof value.value === 'string') return value.value
  }
  return null
}

/** The fields of an object pattern as first parameter, joined with the members of its type. */
function parametersOf(body: AstNode, file: FileText): SignatureParameter[] | null {
  const first = nodesIn(body, 'params')[0]
  if (first === undefined) return []
  const pattern = first.type === 'AssignmentPattern' ? nodeIn(first, 'left') : first
  if (pattern?.type !== 'ObjectPattern') return null
  const members = typeMembers(nodeIn(nodeIn(pattern, 'typeAnnotation') ?? pattern, 'typeAnnotation'), file)
  return nodesIn(pattern, 'properties').flatMap((property) => {
    const name = identifierName(nodeIn(property, 'key'))
    if (property.type !== 'Property' || name === null) return []
    const value = nodeIn(property, 'value')
    const fallback = value?.type === 'AssignmentPattern' ? nodeIn(value, 'right') : null
    const member = members.get(name)
    return [{ name, type: member?.type ?? 'unknown', defaultText: fallback === null ? null : textOf(fallback, file), isOptional: fallback !== null || member?.isOptional === true, help: member?.help ?? '' }]
  })
}

function typeMembers(type: AstNode | null, file: FileText, depth = 0): Map<string, { type: string; isOptional: boolean; help: string }> {
  const members = new Map<string, { type: string; isOptional: boolean; help: string }>()
  if (type === null || depth > 4) return members
  if (type.type === 'TSTypeReference') {
    const name = identifierName(nodeIn(type, 'typeName'))
    // Partial<Params> and the like: the members of the argument are what can be given.
    const argument = nodeIn(type, 'typeArguments')
    const target = argument === null ? file.types.get(name ?? '') : nodesIn(argument, 'params')[0]
    return typeMembers(target ?? null, file, depth + 1)
  }
  const list = type.type === 'TSInterfaceBody' ? nodesIn(type, 'body') : type.type === 'TSTypeLiteral' ? nodesIn(type, 'members') : childrenOf(type).flatMap((child) => [child])
  for (const member of list) {
    if (member.type !== 'TSPropertySignature') {
      if (type.type === 'TSIntersectionType') for (const [name, known] of typeMembers(member, file, depth + 1)) members.set(name, known)
      continue
    }
    const name = identifierName(nodeIn(member, 'key'))
    const annotation = nodeIn(nodeIn(member, 'typeAnnotation') ?? member, 'typeAnnotation')
    if (name === null) continue
    members.set(name, { type: annotation === null ? 'unknown' : textOf(annotation, file), isOptional: member.optional === true, help: documentationBefore(member.start, file) })
  }
  return members
}

/** Words of the JSDoc that ends just before an offset. */
function documentationBefore(offset: number, file: FileText): string {
  const comment = file.comments.findLast((candidate) => candidate.end <= offset)
  if (comment === undefined || !comment.text.startsWith('*') || file.source.slice(comment.end, offset).trim() !== '') return ''
  const lines = comment.text.slice(1).split('\n').map((line) => line.replace(/^\s*\* ?/, '').trim())
  return lines.join(' ').split(' @')[0]?.trim() ?? ''
}

function textOf(node: AstNode, file: FileText): string {
  return file.source.slice(node.start, node.end).replace(/\s+/g, ' ')
}
