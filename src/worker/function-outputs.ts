/**
 * Owns what comes back from a cell otherwise than as a value: functions and classes of its own as source, modules and functions of packages
 * and of Node as imports. What has neither is left out and told; closures over variables that exist only inside the run are refused,
 * for in the notebook they would mean something else, or nothing.
 */
import { types } from 'node:util'
import { ownFields } from '../capture/own-fields.ts'
import { builtInExpression } from '../capture/built-in-values.ts'
import { analyzeCell } from '../code/cell-analysis.ts'
import { LabflowError } from '../model/errors.ts'
import type { CodeBundle, RunResult } from '../model/run.ts'
import type { ImportFinder } from './import-finder.ts'

/** How outputs that are code come back. */
export interface CodeOutputs {
  /** Assignment source by output. */
  functionSources: Record<string, string>
  /** Data that hangs on these, by output. */
  functionFields: NonNullable<RunResult['functionFields']>
  imports: NonNullable<RunResult['imports']>
  /** Outputs that stay behind, with the reason. */
  left: { name: string; reason: string }[]
  /** Outputs that fail the run, with the reason. */
  refused: { name: string; error: LabflowError }[]
}

/** Sorts the functions, classes and modules among the outputs by how they come back. Never throws. */
export async function codeOutputs(code: CodeBundle, outputs: Record<string, unknown>, capturedNames: readonly string[], importOf: ImportFinder['find']): Promise<CodeOutputs> {
  const found: CodeOutputs = { functionSources: {}, functionFields: {}, imports: {}, left: [], refused: [] }
  const candidates = Object.entries(outputs).filter(([, value]) => typeof value === 'function' || types.isModuleNamespaceObject(value))
  if (candidates.length === 0 || code.entry.kind !== 'cell') return found
  const cell = analyzeCell(code.entry.source)
  const known = new Set([
    ...Object.keys(outputs), ...cell.declared, ...cell.imports.map((binding) => binding.local), ...capturedNames,
    ...code.imports.map((binding) => binding.local), ...code.definitions.map((definition) => definition.name),
  ])
  for (const [name, value] of candidates) {
    const binding = await importOf(value)
    if (binding !== null) {
      found.imports[name] = binding
      continue
    }
    const made = cell.definitions.find((definition) => definition.name === name && definition.madeBy !== undefined)
    if (made !== undefined) found.functionSources[name] = made.source
    else if (typeof value !== 'function') found.left.push({ name, reason: 'it is a module that no import of this cell gives' })
    else place(found, name, value as (...args: never[]) => unknown, code, known)
  }
  return found
}

function place(found: CodeOutputs, name: string, value: (...args: never[]) => unknown, code: CodeBundle, known: ReadonlySet<string>): void {
  const text = Function.prototype.toString.call(value)
  const builtIn = builtInExpression(value)
  if (builtIn !== null) found.functionSources[name] = `${name} = ${builtIn};`
  else if (isOfRun(text, code)) {
    try {
      const source = sourceOf(name, text, known)
      const fields = fieldsOf(name, text, value)
      found.functionSources[name] = source
      if (Object.keys(fields).length > 0) found.functionFields[name] = fields
    } catch (error) {
      found.refused.push({ name, error: error as LabflowError })
    }
  } else if (value.name.startsWith('bound ')) found.refused.push({ name, error: cannotBind(name, 'it is a bound function, which has no source') })
  else found.left.push({ name, reason: `it is a function that ${text.endsWith('{ [native code] }') ? 'Node' : 'a package'} made, which has no source of its own. Make it in the notebook` })
}

/** Data that hangs on a function or class of the run: its text alone would give that of the first line. @throws LabflowError CANNOT_CAPTURE. */
function fieldsOf(name: string, source: string, value: unknown): Record<string, unknown> {
  return ownFields({ definition: { name, kind: source.startsWith('class') ? 'class' : 'function', source }, value })
}

/** Whether a function's text stands in the code of this run; all other functions are those of packages and of Node. */
function isOfRun(text: string, code: CodeBundle): boolean {
  const sources = [...code.definitions.map((definition) => definition.source), ...(code.entry.kind === 'module' ? [] : [code.entry.source])]
  return sources.some((source) => source.includes(text))
}

function sourceOf(name: string, text: string, known: ReadonlySet<string>): string {
  const source = `${name} = ${text};`
  let freeNames: string[]
  try {
    freeNames = analyzeCell(source).freeNames
  } catch (error) {
    throw cannotBind(name, 'it is a method of an object, which cannot stand alone', error)
  }
  const local = freeNames.find((free) => free !== name && free !== 'require' && !known.has(free) && !(free in globalThis))
  if (local !== undefined) throw cannotBind(name, `it closes over ${JSON.stringify(local)}, a variable that exists only inside the run`)
  return source
}

function cannotBind(name: string, because: string, cause?: unknown): LabflowError {
  const text = `The output ${JSON.stringify(name)} is a function that cannot come back to the notebook: ${because}. ` +
    'Declare the function at the top level of a cell and pass what it needs as arguments, or return the data instead.'
  return new LabflowError('CANNOT_BIND', text, { cause, detail: { output: name } })
}
