/**
 * Owns the lowering of standard decorators, which V8 cannot parse: each decorated top-level class becomes one self-contained expression,
 * so that no compiler helper ends up among the notebook's names.
 */
import { createRequire } from 'node:module'
import { childrenOf, identifierName, nodeIn, nodesIn, parseModule } from './parse.ts'
import type { AstNode } from './parse.ts'

/** Whether a JavaScript text holds a decorator (an `@` in a string does not count). */
export function hasDecorators(code: string): boolean {
  return holdsDecorator(parseModule(code))
}

/** The same program without decorators. Statements without decorators stay as they are. */
export function lowerDecorators(code: string): string {
  let lowered = ''
  let position = 0
  for (const statement of nodesIn(parseModule(code), 'body')) {
    if (!holdsDecorator(statement)) continue
    lowered += code.slice(position, statement.start) + lowerStatement(code, statement)
    position = statement.end
  }
  return lowered + code.slice(position)
}

/** Whether an initialiser is what {@link lowerDecorators} makes of a class. */
export function isLoweredClass(code: string, initialiser: AstNode): boolean {
  return initialiser.type === 'CallExpression' && code.startsWith(MARK, initialiser.start)
}

const MARK = '(function decorated() {'

function lowerStatement(code: string, statement: AstNode): string {
  const declaration = nodeIn(statement, 'declaration') ?? statement
  const name = declaration.type === 'ClassDeclaration' ? identifierName(nodeIn(declaration, 'id')) : null
  // Decorators may stand before `export`: the statement starts with them, the word goes to the front of the variable.
  const isDefault = statement.type === 'ExportDefaultDeclaration'
  const isExported = statement.type === 'ExportNamedDeclaration'
  if (name === null) return runEsbuild(code.slice(statement.start, statement.end))
  const text = code.slice(statement.start, statement.end).replace(/\bexport\s+(default\s+)?(?=class\b|@)/, '')
  const body = `${MARK}\n${runEsbuild(text)}\nreturn ${name};\n})()`
  if (isDefault) return `var ${name} = ${body};\nexport default ${name};`
  return `${isExported ? 'export ' : ''}var ${name} = ${body};`
}

function runEsbuild(code: string): string {
  // Loaded on first need: most notebooks have no decorators.
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild')
  return esbuild.transformSync(code, { loader: 'js', target: 'es2024', supported: { 'top-level-await': true }, treeShaking: false }).code.trimEnd()
}

function holdsDecorator(node: AstNode): boolean {
  return node.type === 'Decorator' || childrenOf(node).some(holdsDecorator)
}
