/**
 * Owns the values of an attempt: inputs decoded with the notebook's classes, digests that show a change in place, the result encoded.
 */
import { LabflowError, isLabflowError } from '../model/errors.ts'
import type { EncodedValue, RunInputs, RunResult } from '../model/run.ts'
import { decodeValue, digestValue, encodeOnly } from '../values/codec.ts'
import type { ClassValue, CodecContext } from '../values/codec.ts'
import type { NotebookNames } from './notebook-names.ts'

/** Inputs that may need the notebook's classes, which exist only once the run's code has begun. */
export class PendingInputs {
  readonly #encoded: EncodedValue | null
  readonly #plain: RunInputs
  #needsClasses = false

  /** @throws LabflowError BAD_MESSAGE for damaged inputs. */
  constructor(encoded: EncodedValue | null) {
    this.#encoded = encoded
    // A first reading with stand-ins gives the names; only inputs that hold notebook classes are read again.
    const standIn: CodecContext = {
      classNamed: () => {
        this.#needsClasses = true
        return class {}
      },
    }
    this.#plain = encoded === null ? { args: [], captured: {} } : (decodeValue(encoded, standIn) as RunInputs)
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

/** How notebook classes are called in a worker. */
export function codecOf(names: NotebookNames): CodecContext {
  return {
    nameOfClass: (type) => names.nameOfClass(type),
    classNamed: (name) => names.classNamed(name) as ClassValue | undefined,
  }
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

/** Encodes a result. The last expression of a cell may fail to travel: it is then shown where it is. @throws LabflowError CANNOT_ENCODE naming the output and its path. */
export function encodeResult(result: RunResult, isCell: boolean, names: NotebookNames, show: (value: unknown) => void): { encoded: EncodedValue; warnings: string[] } {
  const context = codecOf(names)
  const warnings: string[] = []
  let { value } = result
  if (isCell) {
    try {
      encodeOnly(value, { ...context, rootName: 'the last expression' })
    } catch (error) {
      if (!isLabflowError(error)) throw error
      show(value)
      if (typeof value !== 'function') warnings.push(`The value of the last expression stays in the worker: ${error.message}`)
      value = undefined
    }
  }
  for (const [name, output] of Object.entries(result.outputs)) {
    if (typeof output === 'object' && output !== null) checkOutput(name, output, context)
  }
  return { encoded: encodeOnly({ ...result, value }, { ...context, rootName: 'the result' }), warnings }
}

function checkOutput(name: string, value: unknown, context: CodecContext): void {
  try {
    encodeOnly(value, { ...context, rootName: name })
  } catch (error) {
    if (!isLabflowError(error)) throw error
    throw new LabflowError('CANNOT_ENCODE', `The output ${error.message}`, { cause: error, detail: { ...error.detail, output: name } })
  }
}
