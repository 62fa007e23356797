/**
 * Owns the way from a cell's JavaScript to a script that the session runs: top-level names become properties of globalThis, so that
 * re-declaring works and closures see later values; functions and imports are hoisted, the last expression is handed back.
 * Refuses to move text without remembering from where: stack traces show the cell's own lines.
 */
import type { CellAnalysis } from '../../src/code/contract.ts'
import { childrenOf, identifierName, nodeIn, nodesIn, parseModule, type AstNode } from '../../src/code/parse.ts'
import { analyzeScopes, patternNames } from '../../src/code/scope.ts'
import { stripTypes } from '../../src/code/strip.ts'
import type { CompiledCell } from '../session/protocol.ts'
import { EditList, MappedText } from './edit-list.ts'
import { importPrologue } from './import-prologue.ts'

/**
 * Compiles a cell. `source` has its magic lines blanked to equal length; `filename` is absolute, in the notebook's folder.
 * The script is a function of one argument, the helpers of kernel/session/cell-helpers.ts; it returns `[value]` or nothing.
 * @throws LabflowError BAD_CODE with line, column and caret.
 */
export function compileCell(source: string, options: { filename: string; analysis: CellAnalysis }): CompiledCell {
  const { filename, analysis } = options
  const { code, map } = stripTypes(source, filename, { wantsMap: true })
  const program = parseModule(code)
  const compiler = new CellCompiler(code, program)
  const { script, segments } = compiler.compile()
  return {
    script,
    filename,
    declared: compiler.declared,
    analysis,
    source,
    positions: { javascript: code, segments, mappings: map?.mappings ?? null },
  }
}

class CellCompiler {
  readonly #code: string
  readonly #program: AstNode
  readonly #names = new Set<string>()
  /** Edits that hold wherever a stretch of text ends up. */
  readonly #everywhere: EditList
  /** Edits of the body; functions and imports are taken out of it. */
  readonly #body: EditList
  readonly #functions: AstNode[] = []
  readonly #imports: AstNode[] = []
  /** Names of lowered enums: `E || {}` must not meet the E of an earlier cell. */
  readonly #resets: string[] = []

  constructor(code: string, program: AstNode) {
    this.#code = code
    this.#program = program
    this.#everywhere = new EditList(code)
    this.#body = new EditList(code)
  }

  get declared(): string[] {
    return [...this.#names]
  }

  compile(): { script: string; segments: number[] } {
    const statements = nodesIn(this.#program, 'body')
    const last = statements.filter((statement) => !isSilent(statement)).at(-1)
    for (const statement of statements) this.#statement(statement, statement === last)
    this.#rewriteImportMeta(this.#program)
    const report = analyzeScopes(this.#program)
    if (report.hasTopLevelAwait) for (const statement of statements) this.#guardAwaits(statement)
    const isAsync = report.hasTopLevelAwait || this.#imports.length > 0
    const script = new MappedText()
    script.add(`(${isAsync ? 'async ' : ''}function($lf){'use strict';`)
    for (const name of this.#resets) script.add(`${name}=undefined;`)
    script.add(importPrologue(this.#imports))
    for (const node of this.#functions) this.#hoist(node, script)
    this.#body.include(this.#everywhere)
    this.#body.write(script)
    script.add('\n})')
    return { script: script.text, segments: script.segments }
  }

  #statement(statement: AstNode, isLast: boolean): void {
    let node = statement
    switch (statement.type) {
      case 'ImportDeclaration':
        this.#imports.push(statement)
        for (const specifier of nodesIn(statement, 'specifiers')) this.#names.add(identifierName(nodeIn(specifier, 'local')) ?? '')
        return this.#body.replace(statement.start, statement.end, '')
      case 'ExportAllDeclaration':
        this.#imports.push(statement)
        return this.#body.replace(statement.start, statement.end, '')
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration': {
        const inner = nodeIn(statement, 'declaration')
        if (inner === null) {
          if (nodeIn(statement, 'source') !== null) this.#imports.push(statement)
          return this.#body.replace(statement.start, statement.end, '')
        }
        this.#body.replace(statement.start, inner.start, '')
        if (statement.type === 'ExportDefaultDeclaration' && nodeIn(inner, 'id') === null) return isLast ? this.#giveBack(inner.start, statement.end) : undefined
        node = inner
      }
    }
    switch (node.type) {
      case 'VariableDeclaration': return this.#variables(node)
      case 'FunctionDeclaration':
        this.#names.add(identifierName(nodeIn(node, 'id')) as string)
        this.#functions.push(node)
        return this.#body.replace(node.start, node.end, '')
      case 'ClassDeclaration': {
        const name = identifierName(nodeIn(node, 'id')) as string
        this.#names.add(name)
        this.#body.insert(node.start, `${name}=`)
        return this.#body.insert(node.end, ';')
      }
      case 'ExpressionStatement':
        if (isLast) this.#giveBack(node.start, node.end)
        return
      default: this.#nestedVariables(node, null)
    }
  }

  #giveBack(start: number, end: number): void {
    this.#body.insert(start, 'return [(')
    const textEnd = this.#code[end - 1] === ';' ? end - 1 : end
    this.#body.replace(textEnd, end, ')];')
  }

  /** `const {a} = x, b` becomes `({a} = x,b = undefined);` */
  #variables(node: AstNode): void {
    const declarators = nodesIn(node, 'declarations')
    if (node.kind === 'using' || node.kind === 'await using') return
    for (const declarator of declarators) {
      for (const name of patternNames(nodeIn(declarator, 'id'))) this.#names.add(name)
      const init = nodeIn(declarator, 'init')
      // `var x` keeps the value that an earlier cell gave it, as var does; `let x` starts anew.
      if (init === null && node.kind !== 'var') this.#body.insert(declarator.end, '=undefined')
      if (init !== null && isLoweredEnum(declarator, init)) this.#resets.push(identifierName(nodeIn(declarator, 'id')) as string)
    }
    this.#parenthesise(node, declarators)
  }

  #parenthesise(node: AstNode, declarators: AstNode[]): void {
    this.#body.replace(node.start, declarators[0]!.start, '(')
    const end = this.#code[node.end - 1] === ';' ? node.end - 1 : node.end
    this.#body.replace(end, node.end, ');')
  }

  /** `var` inside blocks and loop heads belongs to the notebook too. */
  #nestedVariables(node: AstNode, parent: AstNode | null): void {
    if (/Function|Class|StaticBlock/.test(node.type)) return
    if (node.type === 'VariableDeclaration' && node.kind === 'var') {
      const declarators = nodesIn(node, 'declarations')
      for (const declarator of declarators) for (const name of patternNames(nodeIn(declarator, 'id'))) this.#names.add(name)
      const isHead = parent !== null && /^For/.test(parent.type) && nodeIn(parent, 'body') !== node
      if (isHead) this.#body.replace(node.start, declarators[0]!.start, '')
      else this.#parenthesise(node, declarators)
    }
    for (const child of childrenOf(node)) this.#nestedVariables(child, node)
  }

  /** An interrupted cell must not go on after its next await. */
  #guardAwaits(node: AstNode): void {
    if (/Function|Class/.test(node.type)) return
    if (node.type === 'AwaitExpression') {
      this.#body.insert(node.start, '$lf.live(')
      this.#body.insert(node.end, ')')
    }
    for (const child of childrenOf(node)) this.#guardAwaits(child)
  }

  #rewriteImportMeta(node: AstNode): void {
    if (!this.#code.includes('import.meta')) return
    if (node.type === 'MetaProperty' && this.#code.startsWith('import', node.start)) return this.#everywhere.replace(node.start, node.end, '$lf.meta')
    for (const child of childrenOf(node)) this.#rewriteImportMeta(child)
  }

  /** `function f(a) {…}` becomes `f=function (a) {…};` — anonymous, so that a call of itself meets a later re-declaration too; it is still named f. */
  #hoist(node: AstNode, script: MappedText): void {
    const id = nodeIn(node, 'id') as AstNode
    script.add(`${identifierName(id) as string}=`)
    this.#everywhere.write(script, node.start, id.start)
    this.#everywhere.write(script, id.end, node.end)
    script.add(';')
  }
}

function isSilent(statement: AstNode): boolean {
  return statement.type === 'EmptyStatement' || (statement.type === 'ExportNamedDeclaration' && nodeIn(statement, 'declaration') === null)
}

/** `var E = function(E) {…}(E || {})`, which oxc writes for `enum E`. */
function isLoweredEnum(declarator: AstNode, init: AstNode): boolean {
  const argument = init.type === 'CallExpression' ? nodesIn(init, 'arguments').at(-1) : undefined
  const name = identifierName(nodeIn(declarator, 'id'))
  return name !== null && argument?.type === 'LogicalExpression' && argument.operator === '||' && identifierName(nodeIn(argument, 'left')) === name
}
