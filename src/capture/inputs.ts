/**
 * Owns the inputs of a capture: arguments and captured values encoded together (so that shared parts stay shared),
 * a digest and a preview of each by name, and the classes whose instances they hold.
 */
import { createHash } from 'node:crypto'
import { digestValue, encodeOnly } from '../values/codec.ts'
import { previewValue } from '../values/preview.ts'
import type { CodecContext } from '../values/codec.ts'
import type { Closure } from './closure.ts'
import type { EncodedValue, RunInputs } from '../model/run.ts'

/** Encoded inputs and what is told of them. */
export interface EncodedInputs {
  inputs: EncodedValue
  inputDigests: Record<string, string>
  parameters: Record<string, unknown>
  /** sha256 hex of how the inputs are laid out together: which parts they share. */
  structure: string
}

/** An argument with the name of its parameter. */
export interface NamedArgument {
  name: string
  value: unknown
  /** The parameter is an object pattern: people see its fields as parameters. */
  isFields?: boolean
}

/** @throws LabflowError CANNOT_ENCODE naming the path from the variable, such as data.points[3].model. */
export function encodeInputs(args: readonly NamedArgument[], { values: captured, fields }: Pick<Closure, 'values' | 'fields'>, unread: ReadonlySet<string>, codec: CodecContext): EncodedInputs {
  const inputDigests: Record<string, string> = {}
  const parameters: Record<string, unknown> = {}
  for (const { name, value, isFields } of args) {
    inputDigests[name] = digestValue(value, { ...codec, rootName: name })
    if (isFields && typeof value === 'object' && value !== null) for (const [field, item] of Object.entries(value)) parameters[field] = previewValue(item)
    else parameters[name] = previewValue(value)
  }
  const names = [...captured.keys()].sort()
  for (const name of names) {
    if (unread.has(name)) continue
    const label = name in inputDigests ? `${name} (captured)` : name
    inputDigests[label] = digestValue(captured.get(name), { ...codec, rootName: name })
    parameters[label] = previewValue(captured.get(name))
  }
  for (const [name, owned] of fields) for (const [key, value] of Object.entries(owned)) inputDigests[`${name}.${key}`] = digestValue(value, { ...codec, rootName: `${name}.${key}` })
  const record: RunInputs = { args: args.map((argument) => argument.value), captured: Object.fromEntries(names.map((name) => [name, captured.get(name)])) }
  if (fields.size > 0) record.fields = Object.fromEntries([...fields].sort(([a], [b]) => (a < b ? -1 : 1)))
  const inputs = encodeOnly(record, codec)
  return { inputs, inputDigests, parameters, structure: createHash('sha256').update(inputs.header).digest('hex') }
}

/** A codec that notes the notebook classes and functions it met, so that their source can travel too. */
export function notingCodec(codec: CodecContext, met: Set<string>): CodecContext {
  return {
    ...codec,
    nameOfClass: (type) => note(codec.nameOfClass?.(type) ?? null),
    encodeFunction: (value) => note(codec.encodeFunction?.(value) ?? null),
  }

  function note(name: string | null): string | null {
    if (name !== null) met.add(name)
    return name
  }
}
