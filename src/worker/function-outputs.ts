/**
 * Owns functions and classes among a cell's outputs: they come back as source.
 * Refuses closures over variables that exist only inside the run: in the notebook they would mean something else, or nothing.
 */
import { analyzeCell } from '../code/cell-analysis.ts'
import { LabflowError } from '../model/errors.ts'
import type { CodeBundle } from '../model/run.ts'

/**
 * Assignment source of each function or class among the outputs.
 * @throws LabflowError CANNOT_BIND naming the output and the variable it closes over.
 */
export function functionOutputSources(code: CodeBundle, outputs: Record<string, unknown>, capturedNames: readonly string[]): Record<string, string> {
  const functions = Object.entries(outputs).filter((pair): pair is [string, (...args: never[]) => unknown] => typeof pair[1] === 'function')
  if (functions.length === 0 || code.entry.kind !== 'cell') return {}
  const cell = analyzeCell(code.entry.source)
  const known = new Set([
    ...Object.keys(outputs), ...cell.declared, ...cell.imports.map((binding) => binding.local), ...capturedNames,
    ...code.imports.map((binding) => binding.local), ...code.definitions.map((definition) => definition.name),
  ])
  return Object.fromEntries(functions.map(([name, value]) => {
    const made = cell.definitions.find((definition) => definition.name === name && definition.madeBy !== undefined)
    return [name, made?.source ?? sourceOf(name, value, known)]
  }))
}

function sourceOf(name: string, value: (...args: never[]) => unknown, known: ReadonlySet<string>): string {
  const text = Function.prototype.toString.call(value)
  if (text.endsWith('{ [native code] }')) throw cannotBind(name, 'it is a built-in or bound function, which has no source')
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
