/**
 * Owns the values of an attempt: inputs decoded with the notebook's classes, digests that show a change in place, the result encoded.
 */
import { isLabflowError, LabflowError } from '../model/errors.ts'
import type { EncodedValue, RunInputs, RunResult } from '../model/run.ts'
import { shownSymbol } from '../display/mime-bundle.ts'
import { decodeValue, digestValue, encodeOnly } from '../values/codec.ts'
import type { ClassValue, CodecContext } from '../values/codec.ts'
import { standInClasses } from '../values/stand-in.ts'
import type { NotebookNames } from './notebook-names.ts'

/** Inputs that may need the notebook's classes, which exist only once the run's code has begun. */
export class PendingInputs {
  readonly #encoded: EncodedValue | null
  readonly #plain: RunInputs
  readonly #needsClasses: boolean
  /** Names of captured values that hold instances of notebook classes. */
  readonly instanceNames: string[]

  /** @throws LabflowError BAD_MESSAGE for damaged inputs. */
  constructor(encoded: EncodedValue | null) {
    this.#encoded = encoded
    // A first reading with stand-ins gives the names; only inputs that hold notebook classes are read again.
    const { context, made } = standInClasses()
    this.#plain = encoded === null ? { args: [], captured: {} } : (decodeValue(encoded, context) as RunInputs)
    this.#needsClasses = made.size > 0
    this.instanceNames = made.size === 0 ? [] : Object.entries(this.#plain.captured).filter(([, value]) => holdsInstance(value, made)).map(([name]) => name)
  }

  /** The captured values of a first reading; those of `instanceNames` hold stand-ins. */
  get plain(): Record<string, unknown> {
    return this.#plain.captured
  }

  get dressedNames(): string[] {
    return Object.keys(this.#plain.fields ?? {})
  }

  get capturedNames(): string[] {
    return Object.keys(this.#plain.captured)
  }

  /** The inputs, with instances of the notebook's own classes. */
  decode(names: NotebookNames): RunInputs {
    if (!this.#needsClasses || this.#encoded === null) return this.#plain
    return decodeValue(this.#encoded, codecOf(names)) as RunInputs
  }
}

/** Whether an instance of one of the classes can be reached from a value. */
function holdsInstance(root: unknown, classes: ReadonlySet<unknown>): boolean {
  const seen = new Set<unknown>()
  const open = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) continue
    seen.add(value)
    for (let proto: unknown = Object.getPrototypeOf(value); proto !== null; proto = Object.getPrototypeOf(proto)) if (classes.has((proto as object).constructor)) return true
    if (value instanceof Map) open.push(...value.keys(), ...value.values())
    else if (value instanceof Set) open.push(...value)
    for (const key of Object.getOwnPropertyNames(value)) open.push((value as Record<string, unknown>)[key])
  }
  return false
}

/** How notebook classes are called in a worker. */
export function codecOf(names: NotebookNames): CodecContext {
  return {
    nameOfClass: (type) => names.nameOfClass(type),
    classNamed: (name) => names.classNamed(name) as ClassValue | undefined,
  }
}

/** Digest of each piece of data that hangs on the run's code, by `Name.field`: as it was given, or as it is now. */
export function fieldDigests(fields: RunInputs['fields'], names: NotebookNames, isNow: boolean): Record<string, string> {
  const flat = Object.entries(fields ?? {}).flatMap(([name, given]) => {
    const value = names.valueOf(name)
    const owner = isNow && (typeof value === 'object' || typeof value === 'function') && value !== null ? value : given
    return Object.entries(owner).filter(([, field]) => typeof field !== 'function').map(([key, field]) => [`${name}.${key}`, field] as const)
  })
  return inputDigests(Object.fromEntries(flat), names)
}

/** Digest of each captured value; a value that can no longer be encoded counts as changed. */
export function inputDigests(captured: Record<string, unknown>, names: NotebookNames): Record<string, string> {
  const context = codecOf(names)
  return Object.fromEntries(Object.entries(captured).map(([name, value]) => {
    try {
      return [name, digestValue(value, { ...context, rootName: name })]
    } catch {
      return [name, 'cannot be encoded']
    }
  }))
}

/** What a result looks like once encoded, and what of it had to stay. */
export interface EncodedResult {
  encoded: EncodedValue
  outputNames: string[]
  warnings: string[]
  /** Outputs that fail the run, with the reason; they are not in `encoded`. */
  refused: { name: string; error: LabflowError }[]
}

/** Encodes a result. The last expression of a cell may fail to travel: it is then shown where it is. @throws LabflowError CANNOT_ENCODE for the value of a function. */
export async function encodeResult(result: RunResult, isCell: boolean, names: NotebookNames, importOf: (value: unknown) => Promise<{ specifier: string; imported: string } | null>, show: (value: unknown) => void): Promise<EncodedResult> {
  const context = codecOf(names)
  const warnings: string[] = []
  const refused: EncodedResult['refused'] = []
  let { value } = result
  const outputs = { ...result.outputs }
  const imports = { ...result.imports }
  const functionSources = { ...result.functionSources }
  const functionFields = { ...result.functionFields }
  if (isCell && isShown(value)) value = undefined
  if (isCell) {
    const problem = problemOf(value, 'the last expression', context)
    if (problem !== null) {
      show(value)
      if (typeof value !== 'function') warnings.push(`The value of the last expression stays in the worker: ${problem.message}`)
      value = undefined
    }
  }
  for (const [name, output] of Object.entries(outputs)) {
    const problem = problemOf(output, name, context)
    if (problem === null) continue
    delete outputs[name]
    const binding = await importOf(output)
    if (binding !== null) imports[name] = binding
    else refused.push({ name, error: new LabflowError('CANNOT_ENCODE', `The output ${problem.message}`, { detail: { ...problem.detail, output: name } }) })
  }
  for (const [name, fields] of Object.entries(functionFields)) {
    for (const [key, field] of Object.entries(fields)) {
      const problem = problemOf(field, `${name}.${key}`, context)
      if (problem === null || !(name in functionSources)) continue
      delete functionSources[name]
      delete functionFields[name]
      refused.push({ name, error: new LabflowError('CANNOT_ENCODE', `The output ${problem.message}`, { detail: { ...problem.detail, output: name } }) })
    }
  }
  const whole: RunResult = { value, outputs, functionSources, ...(Object.keys(functionFields).length > 0 ? { functionFields } : {}), ...(Object.keys(imports).length > 0 ? { imports } : {}) }
  const outputNames = [...Object.keys(outputs), ...Object.keys(functionSources), ...Object.keys(imports)]
  return { encoded: encodeOnly(whole, { ...context, rootName: 'the result' }), outputNames, warnings, refused }
}

/** `display(x)` as the last expression has shown x already. */
function isShown(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, shownSymbol)
}

/** Why a value cannot travel, null when it can. */
function problemOf(value: unknown, rootName: string, context: CodecContext): LabflowError | null {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function' && typeof value !== 'symbol') return null
  try {
    encodeOnly(value, { ...context, rootName })
    return null
  } catch (error) {
    if (!isLabflowError(error)) throw error
    return error
  }
}
