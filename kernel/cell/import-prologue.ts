/**
 * Owns static imports of a cell as dynamic ones: each module is awaited in order, then its exports are given their names.
 */
import { identifierName, nodeIn, nodesIn, type AstNode } from '../../src/code/parse.ts'

/** Statements without line breaks, to stand at the head of an async function. */
export function importPrologue(declarations: readonly AstNode[]): string {
  return declarations.map(importStatements).join('')
}

function importStatements(declaration: AstNode, index: number): string {
  const specifier = JSON.stringify(nodeIn(declaration, 'source')?.value)
  const attributes = nodesIn(declaration, 'attributes').map((attribute) => `${JSON.stringify(keyOf(nodeIn(attribute, 'key')))}:${JSON.stringify(nodeIn(attribute, 'value')?.value)}`)
  const load = `await import(${specifier}${attributes.length > 0 ? `,{with:{${attributes.join(',')}}}` : ''})`
  const specifiers = declaration.type === 'ImportDeclaration' ? nodesIn(declaration, 'specifiers') : []
  if (specifiers.length === 0) return `${load};`
  const module = `$lfModule${index}`
  const bindings = specifiers.map((one) => `${identifierName(nodeIn(one, 'local')) as string}=${exportOf(one, module, specifier)};`)
  return `const ${module}=${load};${bindings.join('')}`
}

function exportOf(specifier: AstNode, module: string, from: string): string {
  if (specifier.type === 'ImportNamespaceSpecifier') return module
  const name = specifier.type === 'ImportDefaultSpecifier' ? 'default' : keyOf(nodeIn(specifier, 'imported'))
  return `$lf.pick(${module},${JSON.stringify(name)},${from})`
}

function keyOf(node: AstNode | null): string {
  return identifierName(node) ?? String(node?.value)
}
