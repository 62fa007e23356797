/**
 * Owns the lexical scopes of a piece of JavaScript: which names it declares at its top, which it uses that no inner scope binds,
 * and which of those it assigns or changes in place. Property keys, labels and import/export aliases are no names.
 */
import { childrenOf, identifierName, nodeIn, nodesIn } from './parse.ts'
import { inPlaceTarget } from './mutation.ts'
import type { AstNode } from './parse.ts'

/** How a use treats a name: `typeof` reads it only inside `typeof name`. */
export type NameAccess = 'read' | 'write' | 'update' | 'typeof'

/** One use of a name that no inner scope binds. */
export interface NameUse {
  name: string
  start: number
  end: number
  access: NameAccess
  /** The expression that changes the name's value in place (`arr.push(1)`), null when it does not. */
  change: { start: number; end: number } | null
}

/** What {@link analyzeScopes} found. */
export interface ScopeReport {
  /** Names bound at the top, imports included, in order of appearance. */
  declared: string[]
  /** Uses of top-level and of unknown names, in no certain order; uses of names bound further in are left out. */
  uses: NameUse[]
  hasTopLevelAwait: boolean
}

interface Scope {
  names: Set<string>
  uses: NameUse[]
  /** Where `var` goes. */
  variableScope: Scope
  isTop: boolean
}

/** Analyses a program, or any node as if it stood at the top of one. */
export function analyzeScopes(root: AstNode): ScopeReport {
  const walker = new ScopeWalker()
  walker.visit(root)
  const { names, uses } = walker.top
  return { declared: [...names], uses, hasTopLevelAwait: walker.hasTopLevelAwait }
}

/** Names used within a span that the code itself does not bind there, in order of appearance, each once. */
export function namesUsedWithin(report: ScopeReport, span: { start: number; end: number }): string[] {
  const uses = report.uses.filter((use) => use.start >= span.start && use.end <= span.end)
  uses.sort((a, b) => a.start - b.start)
  return [...new Set(uses.map((use) => use.name))]
}

/** Every name that a pattern binds, in order. */
export function patternNames(pattern: AstNode | null): string[] {
  if (!pattern) return []
  switch (pattern.type) {
    case 'Identifier': return [pattern.name as string]
    case 'ObjectPattern': return nodesIn(pattern, 'properties').flatMap((property) => patternNames(property.type === 'RestElement' ? property : nodeIn(property, 'value')))
    case 'ArrayPattern': return nodesIn(pattern, 'elements').flatMap(patternNames)
    case 'AssignmentPattern': return patternNames(nodeIn(pattern, 'left'))
    case 'RestElement': return patternNames(nodeIn(pattern, 'argument'))
    default: return []
  }
}

class ScopeWalker {
  readonly top: Scope
  hasTopLevelAwait = false
  private scope: Scope
  private readonly changes = new Map<AstNode, { start: number; end: number }>()

  constructor() {
    this.top = { names: new Set(), uses: [], isTop: true } as unknown as Scope
    this.top.variableScope = this.top
    this.scope = this.top
  }

  visit(node: AstNode | null): void {
    if (!node) return
    const target = inPlaceTarget(node)
    if (target) this.changes.set(target, { start: node.start, end: node.end })
    switch (node.type) {
      case 'Identifier': return this.use(node, 'read')
      case 'FunctionDeclaration': return this.visitFunctionDeclaration(node)
      case 'FunctionExpression':
      case 'ArrowFunctionExpression': return this.visitFunction(node)
      case 'ClassDeclaration':
      case 'ClassExpression': return this.visitClass(node)
      case 'VariableDeclaration': return this.visitVariables(node)
      case 'BlockStatement': return this.within(false, () => this.visitAll(nodesIn(node, 'body')))
      case 'StaticBlock': return this.within(true, () => this.visitAll(nodesIn(node, 'body')))
      case 'ForStatement': return this.within(false, () => this.visitAll(childrenOf(node)))
      case 'ForInStatement':
      case 'ForOfStatement': return this.visitForEach(node)
      case 'SwitchStatement': return this.visitSwitch(node)
      case 'CatchClause': return this.visitCatch(node)
      case 'AssignmentExpression': return this.visitAssignment(node)
      case 'UpdateExpression': return this.visitTarget(nodeIn(node, 'argument'), 'update')
      case 'UnaryExpression': return this.visitUnary(node)
      case 'AwaitExpression': this.noteAwait(); break
      case 'MetaProperty':
      case 'BreakStatement':
      case 'ContinueStatement': return
      case 'LabeledStatement': return this.visit(nodeIn(node, 'body'))
      default: if (this.visitKeyed(node)) return
    }
    this.visitAll(childrenOf(node))
  }

  /** Nodes with a part that is a key or alias and no name. */
  private visitKeyed(node: AstNode): boolean {
    switch (node.type) {
      case 'MemberExpression':
        this.visit(nodeIn(node, 'object'))
        if (node.computed) this.visit(nodeIn(node, 'property'))
        return true
      case 'Property':
        if (node.computed) this.visit(nodeIn(node, 'key'))
        this.visit(nodeIn(node, 'value'))
        return true
      case 'ImportDeclaration':
        for (const specifier of nodesIn(node, 'specifiers')) this.scope.names.add(identifierName(nodeIn(specifier, 'local')) ?? '')
        return true
      case 'ExportSpecifier':
        this.visit(nodeIn(node, 'local'))
        return true
      case 'ExportNamedDeclaration':
        if (nodeIn(node, 'source')) return true
        this.visit(nodeIn(node, 'declaration'))
        this.visitAll(nodesIn(node, 'specifiers'))
        return true
      case 'ExportAllDeclaration': return true
      default: return false
    }
  }

  private visitAll(nodes: AstNode[]): void {
    for (const node of nodes) this.visit(node)
  }

  /** Runs a visit in a new scope; uses that the scope does not bind go on to the outer one. */
  private within(isFunction: boolean, body: () => void, names: string[] = []): void {
    const outer = this.scope
    const scope: Scope = { names: new Set(names), uses: [], variableScope: outer.variableScope, isTop: false }
    if (isFunction) scope.variableScope = scope
    this.scope = scope
    body()
    this.scope = outer
    for (const use of scope.uses) if (!scope.names.has(use.name)) outer.uses.push(use)
  }

  private use(node: AstNode, access: NameAccess): void {
    this.scope.uses.push({ name: node.name as string, start: node.start, end: node.end, access, change: this.changes.get(node) ?? null })
  }

  private visitFunctionDeclaration(node: AstNode): void {
    const name = identifierName(nodeIn(node, 'id'))
    if (name !== null) this.scope.names.add(name)
    this.visitFunctionBody(node)
  }

  private visitFunction(node: AstNode): void {
    const name = identifierName(nodeIn(node, 'id'))
    if (name === null) this.visitFunctionBody(node)
    else this.within(false, () => this.visitFunctionBody(node), [name])
  }

  /** Parameters and body are two scopes: a default cannot see a `var` of the body. */
  private visitFunctionBody(node: AstNode): void {
    const isArrow = node.type === 'ArrowFunctionExpression'
    this.within(true, () => {
      for (const parameter of nodesIn(node, 'params')) {
        for (const name of patternNames(parameter)) this.scope.names.add(name)
        this.visitPatternParts(parameter)
      }
      const body = nodeIn(node, 'body')
      this.within(true, () => (body?.type === 'BlockStatement' ? this.visitAll(nodesIn(body, 'body')) : this.visit(body)))
    }, isArrow ? [] : ['arguments'])
  }

  private visitClass(node: AstNode): void {
    const name = identifierName(nodeIn(node, 'id'))
    if (name !== null && node.type === 'ClassDeclaration') this.scope.names.add(name)
    this.visitAll(nodesIn(node, 'decorators'))
    this.within(false, () => {
      this.visit(nodeIn(node, 'superClass'))
      const body = nodeIn(node, 'body')
      for (const member of body ? nodesIn(body, 'body') : []) this.visitMember(member)
    }, name === null ? [] : [name])
  }

  private visitMember(member: AstNode): void {
    if (member.type === 'StaticBlock') return this.visit(member)
    this.visitAll(nodesIn(member, 'decorators'))
    if (member.computed) this.visit(nodeIn(member, 'key'))
    // A field's initialiser runs as a method of its own.
    this.within(true, () => this.visit(nodeIn(member, 'value')))
  }

  private visitVariables(node: AstNode): void {
    if (node.kind === 'await using') this.noteAwait()
    const scope = node.kind === 'var' ? this.scope.variableScope : this.scope
    for (const declarator of nodesIn(node, 'declarations')) {
      const pattern = nodeIn(declarator, 'id')
      for (const name of patternNames(pattern)) scope.names.add(name)
      this.visitPatternParts(pattern)
      this.visit(nodeIn(declarator, 'init'))
    }
  }

  /** The expressions inside a declaring pattern: defaults and computed keys. */
  private visitPatternParts(pattern: AstNode | null): void {
    if (!pattern) return
    switch (pattern.type) {
      case 'Identifier': return
      case 'ObjectPattern':
        for (const property of nodesIn(pattern, 'properties')) {
          if (property.type === 'RestElement') continue
          if (property.computed) this.visit(nodeIn(property, 'key'))
          this.visitPatternParts(nodeIn(property, 'value'))
        }
        return
      case 'ArrayPattern': return nodesIn(pattern, 'elements').forEach((element) => this.visitPatternParts(element))
      case 'RestElement': return this.visitPatternParts(nodeIn(pattern, 'argument'))
      case 'AssignmentPattern':
        this.visitPatternParts(nodeIn(pattern, 'left'))
        return this.visit(nodeIn(pattern, 'right'))
      default: return this.visit(pattern)
    }
  }

  private visitForEach(node: AstNode): void {
    if (node.await === true) this.noteAwait()
    this.within(false, () => {
      const left = nodeIn(node, 'left')
      if (left?.type === 'VariableDeclaration') this.visitVariables(left)
      else this.visitTarget(left, 'write')
      this.visit(nodeIn(node, 'right'))
      this.visit(nodeIn(node, 'body'))
    })
  }

  private visitSwitch(node: AstNode): void {
    this.visit(nodeIn(node, 'discriminant'))
    this.within(false, () => this.visitAll(nodesIn(node, 'cases')))
  }

  private visitCatch(node: AstNode): void {
    const pattern = nodeIn(node, 'param')
    this.within(false, () => {
      this.visitPatternParts(pattern)
      this.visit(nodeIn(node, 'body'))
    }, patternNames(pattern))
  }

  private visitAssignment(node: AstNode): void {
    this.visitTarget(nodeIn(node, 'left'), node.operator === '=' ? 'write' : 'update')
    this.visit(nodeIn(node, 'right'))
  }

  /** The left side of an assignment: identifiers are written, members are changed in place. */
  private visitTarget(target: AstNode | null, access: NameAccess): void {
    if (!target) return
    switch (target.type) {
      case 'Identifier': return this.use(target, access)
      case 'ObjectPattern':
        for (const property of nodesIn(target, 'properties')) {
          if (property.computed) this.visit(nodeIn(property, 'key'))
          this.visitTarget(property.type === 'RestElement' ? nodeIn(property, 'argument') : nodeIn(property, 'value'), access)
        }
        return
      case 'ArrayPattern': return nodesIn(target, 'elements').forEach((element) => this.visitTarget(element, access))
      case 'RestElement': return this.visitTarget(nodeIn(target, 'argument'), access)
      case 'AssignmentPattern':
        this.visitTarget(nodeIn(target, 'left'), access)
        return this.visit(nodeIn(target, 'right'))
      default: {
        const root = inPlaceTarget({ type: 'UpdateExpression', start: target.start, end: target.end, argument: target })
        if (root && !this.changes.has(root)) this.changes.set(root, { start: target.start, end: target.end })
        this.visit(target)
      }
    }
  }

  private visitUnary(node: AstNode): void {
    const argument = nodeIn(node, 'argument')
    if (node.operator === 'typeof' && argument?.type === 'Identifier') this.use(argument, 'typeof')
    else this.visit(argument)
  }

  private noteAwait(): void {
    if (this.scope.variableScope.isTop) this.hasTopLevelAwait = true
  }
}
