/**
 * Owns the text that a worker runs for a cell: no imports or exports, parameters in place, the last expression kept in `$value`.
 * The text is the body of an async function in which the worker declares `let $value`.
 */
import { LabflowError } from '../model/errors.ts'
import { identifierName, nodeIn, nodesIn, parseModule } from '../code/parse.ts'
import { positionOf } from '../code/text-position.ts'
import { applyEdits, shareNames } from './shared-names.ts'
import type { CellAnalysis } from '../code/contract.ts'
import type { AstNode } from '../code/parse.ts'
import type { Edit } from './shared-names.ts'

/** The body for a worker, and the line as typed of each of its lines. */
export interface EntrySource {
  source: string
  typedLines?: number[]
}

/**
 * The body for a worker. `shared` names belong to the scope around the body, where captured definitions see them:
 * the body assigns them instead of declaring its own.
 * @throws LabflowError BAD_PARAMETER for a parameter that the cell does not have or a value that is no JSON.
 */
export function entrySource(analysis: CellAnalysis, parameterValues: Readonly<Record<string, unknown>>, shared: ReadonlySet<string> = new Set()): EntrySource {
  const { javascript, typedLines } = analysis
  const statements = nodesIn(parseModule(javascript), 'body')
  const sharing = shareNames(javascript, statements, shared)
  const edits = [...parameterEdits(analysis, parameterValues), ...statements.flatMap((statement) => exportEdits(javascript, statement)), ...sharing.edits]
  const last = statements.findLast((statement) => statement.type !== 'EmptyStatement')
  if (last?.type === 'ExpressionStatement') {
    const text = javascript.slice(last.start, last.end).replace(/;\s*$/, '')
    edits.push({ start: last.start, end: last.start, text: '$value = (' }, { start: last.start + text.length, end: last.end, text: ');' })
  }
  const head = sharing.hoisted.map((node) => `${identifierName(nodeIn(node, 'id'))} = ${javascript.slice(node.start, node.end)};\n`)
  // On the first line, so that line numbers stay those of the JavaScript.
  const imports = analysis.sideEffectImports.map((specifier) => `await import(${JSON.stringify(specifier)}); `)
  const source = [...head, ...imports, applyEdits(javascript, edits)].join('')
  if (!typedLines) return { source }
  return { source, typedLines: [...sharing.hoisted.flatMap((node) => linesOf(javascript, node, typedLines)), ...typedLines] }
}

function linesOf(javascript: string, node: AstNode, typedLines: readonly number[]): number[] {
  const first = positionOf(javascript, node.start).line
  return typedLines.slice(first - 1, positionOf(javascript, node.end).line)
}

function parameterEdits(analysis: CellAnalysis, values: Readonly<Record<string, unknown>>): Edit[] {
  return Object.entries(values).map(([name, value]) => {
    const parameter = analysis.parameters.find((candidate) => candidate.name === name)
    if (!parameter) {
      const known = analysis.parameters.map((candidate) => candidate.name)
      const has = known.length > 0 ? `It has ${known.join(', ')}.` : 'It has none: a parameter is a name declared with a literal, such as const n = 15.'
      throw new LabflowError('BAD_PARAMETER', `The cell has no parameter ${name}. ${has}`, { detail: { name, known } })
    }
    return { start: parameter.start, end: parameter.end, text: literalSource(name, value) }
  })
}

function literalSource(name: string, value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  const text = JSON.stringify(value) as string | undefined
  if (text === undefined || typeof value === 'function') throw new LabflowError('BAD_PARAMETER', `Parameter ${name} must be a number, text, true, false, null, or a list or object of these.`, { detail: { name } })
  return text
}

function exportEdits(javascript: string, statement: AstNode): Edit[] {
  const { start, end } = statement
  switch (statement.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration': return [{ start, end, text: '' }]
    case 'ExportNamedDeclaration': {
      const declaration = nodeIn(statement, 'declaration')
      return [{ start, end: declaration ? declaration.start : end, text: '' }]
    }
    case 'ExportDefaultDeclaration': {
      const declaration = nodeIn(statement, 'declaration')
      if (!declaration) return [{ start, end, text: '' }]
      const isNamed = /Declaration$/.test(declaration.type) && nodeIn(declaration, 'id') !== null
      if (isNamed) return [{ start, end: declaration.start, text: '' }]
      const text = javascript.slice(declaration.start, end).replace(/;\s*$/, '')
      return [{ start, end, text: `$value = (${text});` }]
    }
    default: return []
  }
}
