/**
 * Owns what a cell's text says about names: its top-level statements with the names each declares, and every identifier written in it.
 * Works on TypeScript as typed; a text that does not parse yields guesses good enough for completion, never an error.
 */
import { type AstNode, identifierName, nodeIn, nodesIn, parseModule } from '../../src/code/parse.ts'
import { patternNames } from '../../src/code/scope.ts'

export type StatementKind = 'import' | 'variable' | 'function' | 'kept' | 'other'

/** A top-level statement. `kept` declares types, classes, enums or namespaces: its source is its declaration. */
export interface CellStatement {
  kind: StatementKind
  names: string[]
  /** The declaration itself, inside an `export` if there is one. */
  node: AstNode
  start: number
  end: number
  /** The JSDoc right before it, or empty. */
  documentation: string
  isExported: boolean
  /** `let` and `var`: later cells may assign it. */
  isMutable: boolean
}

/** The top-level statements of a cell; null when it does not parse. */
export function cellStatements(source: string): CellStatement[] | null {
  let body: AstNode[]
  try {
    body = nodesIn(parseModule(source, 'cell.ts'), 'body')
  } catch {
    return null
  }
  let before = 0
  return body.map((statement) => {
    const documentation = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(source.slice(before, statement.start))?.[0].trimEnd() ?? ''
    before = statement.end
    const isExport = statement.type === 'ExportNamedDeclaration'
    const node = (isExport ? nodeIn(statement, 'declaration') : null) ?? statement
    const kind = kindOf(node)
    return {
      kind,
      names: namesOf(node),
      node,
      start: statement.start,
      end: statement.end,
      documentation,
      isExported: isExport && node !== statement,
      isMutable: kind === 'variable' && (node.kind === 'let' || node.kind === 'var'),
    }
  })
}

const KEPT = new Set(['ClassDeclaration', 'TSInterfaceDeclaration', 'TSTypeAliasDeclaration', 'TSEnumDeclaration', 'TSModuleDeclaration', 'TSImportEqualsDeclaration'])

function kindOf(node: AstNode): StatementKind {
  if (node.type === 'ImportDeclaration') return 'import'
  if (node.type === 'VariableDeclaration') return 'variable'
  if (node.type === 'FunctionDeclaration' || node.type === 'TSDeclareFunction') return 'function'
  return KEPT.has(node.type) ? 'kept' : 'other'
}

function namesOf(node: AstNode): string[] {
  if (node.type === 'ImportDeclaration') return nodesIn(node, 'specifiers').flatMap((specifier) => identifierName(nodeIn(specifier, 'local')) ?? [])
  if (node.type === 'VariableDeclaration') return nodesIn(node, 'declarations').flatMap((declarator) => patternNames(nodeIn(declarator, 'id')))
  // `declare global` has an identifier but declares no name of its own.
  const name = kindOf(node) === 'other' || node.kind === 'global' ? null : identifierName(nodeIn(node, 'id'))
  return name === null ? [] : [name]
}

/** Names declared at a cell's top level, guessed from the words when it does not parse. */
export function declaredNames(source: string): Set<string> {
  const statements = cellStatements(source)
  if (statements) return new Set(statements.flatMap(({ names }) => names))
  const names = new Set<string>()
  for (const [, name] of source.matchAll(/^\s*(?:export\s+|declare\s+|abstract\s+|async\s+)*(?:const|let|var|function\*?|class|interface|type|enum|namespace)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu)) names.add(name!)
  for (const [, list] of source.matchAll(/^\s*(?:const|let|var|import)\s*(?:type\s*)?[{[]([^=]*?)[}\]]/gm)) {
    for (const part of list!.split(',')) {
      const name = /([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*$/u.exec(part)?.[1]
      if (name) names.add(name)
    }
  }
  return names
}

/** Every identifier-like word of a text, also those in strings and comments: a superset of the names it uses. */
export function wordsOf(text: string): Set<string> {
  return new Set(text.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? [])
}
