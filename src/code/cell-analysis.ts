/**
 * Owns the analysis of a cell before it runs: what it declares, uses, assigns, changes in place, defines and takes as parameters.
 * Refuses text with syntax errors (BAD_CODE). Magic lines must be blanked already.
 */
import { definitionsOf, isFunctionExpression, unexported } from './definitions.ts'
import { parametersOf } from './parameters.ts'
import { identifierName, nodeIn, nodesIn, parseModule } from './parse.ts'
import { positionOf } from './text-position.ts'
import { analyzeScopes, patternNames } from './scope.ts'
import { decodeMappings, originalPosition, typedLinesOf } from './source-map.ts'
import { stripTypes } from './strip.ts'
import type { ImportBinding } from '../model/run.ts'
import type { CellAnalysis, Mutation } from './contract.ts'
import type { AstNode } from './parse.ts'
import type { ScopeReport } from './scope.ts'
import type { Mapping, SourceMap } from './source-map.ts'

/** A cell's analysis, its map back to the text as typed, and the tree it was read from. */
export interface AnalyzedCell {
  analysis: CellAnalysis
  /** Absent when the cell is the same text as its JavaScript, or went through esbuild. */
  map?: SourceMap
  program: AstNode
  scopes: ScopeReport
}

/** Options of {@link analyzeCell}. `filename` decides between ts (default) and tsx. */
export interface AnalyzeOptions {
  filename?: string
  jsxImportSource?: string
}

/** Analyses a cell. @throws LabflowError BAD_CODE with line, column and caret. */
export function analyzeCell(source: string, options: AnalyzeOptions = {}): CellAnalysis {
  return analyzeCellFully(source, options).analysis
}

/** As {@link analyzeCell}, with the syntax tree of the JavaScript and the source map for the compiler of cells. */
export function analyzeCellFully(source: string, options: AnalyzeOptions = {}): AnalyzedCell {
  const filename = options.filename ?? 'cell.ts'
  const stripped = stripTypes(source, filename, { wantsMap: true, ...(options.jsxImportSource ? { jsxImportSource: options.jsxImportSource } : {}) })
  const javascript = stripped.code
  const program = parseModule(javascript)
  const statements = nodesIn(program, 'body')
  const scopes = analyzeScopes(program)
  const importDeclarations = statements.filter((statement) => statement.type === 'ImportDeclaration')
  const imports = importDeclarations.flatMap(importBindings)
  const imported = new Set(imports.map((binding) => binding.local))
  const disposed = new Set(statements.flatMap(disposedNames))
  const declared = scopes.declared.filter((name) => !imported.has(name) && !disposed.has(name))
  const bound = new Set(scopes.declared)
  const outside = scopes.uses.filter((use) => !bound.has(use.name)).sort((a, b) => a.start - b.start)
  const mappings = stripped.map ? decodeMappings(stripped.map) : null
  const typedLines = mappings ? typedLinesOf(mappings) : null
  const analysis: CellAnalysis = {
    javascript,
    typed: source,
    ...(typedLines ? { typedLines } : {}),
    imports,
    sideEffectImports: importDeclarations.filter((node) => nodesIn(node, 'specifiers').length === 0).map(specifierOf),
    declared,
    assigned: unique(outside.filter((use) => use.access === 'write' || use.access === 'update').map((use) => use.name)),
    freeNames: unique(outside.map((use) => use.name)),
    definitions: definitionsOf(javascript, statements, scopes, typedLines ? { source, lines: typedLines } : null),
    mutations: mutationsOf(javascript, outside, mappings),
    isDefinitionCell: isDefinitionCell(statements),
    parameters: parametersOf(statements),
    hasTopLevelAwait: scopes.hasTopLevelAwait,
    typeNames: typeNamesOf(source),
  }
  return { analysis, program, scopes, ...(stripped.map ? { map: stripped.map } : {}) }
}

function mutationsOf(javascript: string, uses: ScopeReport['uses'], lines: Mapping[][] | null): Mutation[] {
  const changes = uses.filter((use) => use.change !== null)
  if (changes.length === 0) return []
  return changes.map((use) => {
    const place = positionOf(javascript, use.start)
    const typed = lines ? originalPosition(lines, place.line, place.column) : null
    return { name: use.name, text: shortened(javascript.slice(use.change!.start, use.change!.end)), line: (typed ?? place).line }
  })
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`
}

function importBindings(node: AstNode): ImportBinding[] {
  const specifier = specifierOf(node)
  const pairs = nodesIn(node, 'attributes').map((attribute) => [keyText(nodeIn(attribute, 'key')), keyText(nodeIn(attribute, 'value'))] as const)
  const attributes = pairs.length > 0 ? { attributes: Object.fromEntries(pairs) } : {}
  return nodesIn(node, 'specifiers').map((item) => ({
    local: identifierName(nodeIn(item, 'local')) ?? '',
    imported: item.type === 'ImportNamespaceSpecifier' ? '*' : item.type === 'ImportDefaultSpecifier' ? 'default' : keyText(nodeIn(item, 'imported')),
    specifier,
    ...attributes,
  }))
}

function specifierOf(node: AstNode): string {
  return keyText(nodeIn(node, 'source'))
}

function keyText(node: AstNode | null): string {
  return identifierName(node) ?? String(node?.value ?? '')
}

/** Only imports, functions, classes, enums and `const` bound to a function expression, and at least one function. */
function isDefinitionCell(statements: AstNode[]): boolean {
  let functions = 0
  for (const statement of statements) {
    const node = unexported(statement)
    if (!node) return false
    if (node.type === 'ImportDeclaration' || node.type === 'ClassDeclaration' || node.type === 'EmptyStatement' || typeof node.directive === 'string') continue
    if (node.type === 'FunctionDeclaration') functions += 1
    else if (isConstFunctions(node)) functions += 1
    else if (!isLoweredTypeStatement(node)) return false
  }
  return functions > 0
}

function isConstFunctions(node: AstNode): boolean {
  return node.type === 'VariableDeclaration' && node.kind === 'const' && nodesIn(node, 'declarations').every((declarator) => isFunctionExpression(nodeIn(declarator, 'init')))
}

/** What an enum becomes: `var E = function(E) {…}(E || {})`. */
function isLoweredTypeStatement(node: AstNode): boolean {
  if (node.type !== 'VariableDeclaration' || node.kind !== 'var') return false
  return nodesIn(node, 'declarations').every((declarator) => {
    const call = nodeIn(declarator, 'init')
    if (call?.type !== 'CallExpression' || nodeIn(call, 'callee')?.type !== 'FunctionExpression') return false
    const argument = nodesIn(call, 'arguments')[0]
    const left = argument?.type === 'LogicalExpression' ? identifierName(nodeIn(argument, 'left')) : null
    return left !== null && patternNames(nodeIn(declarator, 'id')).includes(left)
  })
}

/** `using x = …` belongs to the cell alone: it is disposed of when the cell ends. */
function disposedNames(statement: AstNode): string[] {
  if (statement.type !== 'VariableDeclaration' || (statement.kind !== 'using' && statement.kind !== 'await using')) return []
  return nodesIn(statement, 'declarations').flatMap((declarator) => patternNames(nodeIn(declarator, 'id')))
}

/** Read from the text, since only messages use them: a second tree, with types, would cost more than the rest of the analysis. */
function typeNamesOf(source: string): string[] {
  const pattern = /(?:^|;)[ \t]*(?:export\s+)?(?:declare\s+)?(?:interface\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)|type\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*[=<])/gmu
  return unique([...source.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? ''))
}

function unique(names: string[]): string[] {
  return [...new Set(names)]
}
