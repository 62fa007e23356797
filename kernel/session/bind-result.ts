/**
 * Owns bringing a run's outputs into the notebook: all of them or none. Functions and classes come back as source and are evaluated here,
 * classes before the values that are instances of them.
 */
import { join } from 'node:path'
import { constants, Script } from 'node:vm'
import { putFields } from '../../src/capture/own-fields.ts'
import { LabflowError } from '../../src/model/errors.ts'
import type { RunResult } from '../../src/model/run.ts'
import { decodeValue, fromBuffers } from '../../src/values/codec.ts'
import { standInClasses } from '../../src/values/stand-in.ts'
import { analyzeCell } from '../../src/code/cell-analysis.ts'
import type { RecordedDefinition } from '../../src/code/contract.ts'
import type { NotebookNames } from './definitions.ts'
import { importValue } from './import-value.ts'
import { notebookCodec } from './notebook-codec.ts'

/** A decoded result, with the functions and classes that came as source. */
interface DecodedResult {
  result: RunResult
  functions: Map<string, unknown>
}

/** Binds outputs: output name → notebook name. Answers the value of the result. @throws LabflowError CANNOT_BIND; then nothing was bound. */
export async function bindResult(buffers: readonly Uint8Array[], wanted: Readonly<Record<string, string>>, names: NotebookNames): Promise<unknown> {
  const { result, functions } = decodeResult(buffers, names)
  const imports = await importOutputs(result, Object.keys(wanted), names)
  const bound = Object.entries(wanted).map(([output, name]) => {
    const imported = imports.get(output)
    if (imported !== undefined) return { name, value: imported, definition: null, binding: { local: name, ...result.imports![output]! } }
    if (functions.has(output)) return { name, value: functions.get(output), definition: definitionOf(output, name, result.functionSources[output] as string) }
    if (Object.hasOwn(result.outputs, output)) return { name, value: result.outputs[output], definition: null }
    const known = [...new Set([...Object.keys(result.outputs), ...functions.keys(), ...Object.keys(result.imports ?? {})])].join(', ')
    throw new LabflowError('CANNOT_BIND', `the run has no output ${output}; it has ${known === '' ? 'none' : known}`, { detail: { output } })
  })
  for (const { name } of bound) {
    const known = Object.getOwnPropertyDescriptor(globalThis, name)
    if (known?.configurable === false) throw new LabflowError('CANNOT_BIND', `${name} cannot be set: it is fixed on globalThis; bind it under another name (--as)`)
  }
  for (const { name, value, definition, binding } of bound) {
    names.forget(name)
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true })
    if (definition) names.define(definition)
    if (binding) names.addImport(binding)
  }
  return result.value
}

/** Modules and functions of packages that the run handed back by their imports. @throws LabflowError CANNOT_BIND. */
async function importOutputs(result: RunResult, wanted: readonly string[], names: NotebookNames): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>()
  for (const output of wanted) {
    const binding = result.imports?.[output]
    if (binding === undefined) continue
    try {
      found.set(output, await importValue(binding, names.folder))
    } catch (error) {
      throw new LabflowError('CANNOT_BIND', `${output} could not be imported here from ${binding.specifier}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  return found
}

/** The value of a result: return value of a function, last expression of a cell. */
export function resultValue(buffers: readonly Uint8Array[], names: NotebookNames): unknown {
  return buffers.length === 0 ? undefined : decodeResult(buffers, names).result.value
}

function decodeResult(buffers: readonly Uint8Array[], names: NotebookNames): DecodedResult {
  const encoded = fromBuffers(buffers)
  if (encoded === null) throw new LabflowError('CANNOT_BIND', 'the run handed back no result')
  // The sources stand inside the result: a first reading with stand-ins for its classes gets them out.
  const { context, made } = standInClasses()
  const first = decodeValue(encoded, context) as RunResult
  const functions = new Map(Object.entries(first.functionSources).map(([name, source]) => [name, evaluateSource(name, source, names.folder)]))
  const result = made.size > 0 ? (decodeValue(encoded, notebookCodec(names, functions)) as RunResult) : first
  for (const [name, fields] of Object.entries(result.functionFields ?? {})) putFields(functions.get(name), fields)
  return { result, functions }
}

/** The value of `f = …;` or of a declaration, named as it was. */
function evaluateSource(name: string, source: string, folder: string): unknown {
  const expression = source.trim().replace(new RegExp(`^${name.replace(/\$/g, '\\$&')}\\s*=\\s*`), '').replace(/;\s*$/, '')
  try {
    const script = new Script(`'use strict';({ ${JSON.stringify(name)}: ${expression}\n})`, { filename: join(folder, `${name}.ts`), importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
    return (script.runInThisContext() as Record<string, unknown>)[name]
  } catch (error) {
    throw new LabflowError('CANNOT_BIND', `${name} could not be made in the notebook from its source: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function definitionOf(output: string, name: string, source: string): RecordedDefinition | null {
  if (output !== name) return null // its text says another name
  return analyzeCell(source.startsWith(`${name} =`) ? `const ${source}` : source).definitions.find((definition) => definition.name === name) ?? null
}
