/**
 * Owns the data that hangs on code: static fields of a class, properties put on a function, members of an enum. Their values travel,
 * because the text alone gives those of its first day. Refuses, by name, what was put there afterwards and has no value that could travel.
 */
import { LabflowError } from '../model/errors.ts'
import type { RecordedDefinition } from '../code/contract.ts'

/** A piece of code with its live value. `made`: its function-valued fields when its cell had ended; undefined when nobody noted them. */
export interface LiveDefinition {
  definition: Pick<RecordedDefinition, 'name' | 'kind' | 'source'>
  value: unknown
  made?: ReadonlyMap<string, unknown> | undefined
}

/**
 * The data fields by name; empty for most code. Functions that the text itself gives are left to the text.
 * @throws LabflowError CANNOT_CAPTURE for methods that were added or replaced, and for getters.
 */
export function ownFields({ definition, value, made }: LiveDefinition): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  if ((typeof value !== 'function' && typeof value !== 'object') || value === null) return fields
  const { name, source } = definition
  for (const key of Object.keys(value)) {
    const field = dataOf(value, key)
    if (field === undefined) throw cannotTravel(name, key, 'is a getter that was put on it')
    if (typeof field.value !== 'function') fields[key] = field.value
    else if (!isOfText(key, field.value, source, made)) throw cannotTravel(name, key, 'is a function that was put on it')
  }
  if (definition.kind === 'class' || definition.kind === 'function') refuseChangedMethods(definition, value)
  return fields
}

/** Whether a function among the fields is the one that the text gives. Where nobody noted it: its text, or a static field so named, stands there. */
function isOfText(key: string, value: unknown, source: string, made: LiveDefinition['made']): boolean {
  if (source.includes(textOf(value))) return true
  return made === undefined ? source.includes(`static ${key} =`) : made.get(key) === value
}

/** The function-valued fields of a value, by which {@link ownFields} tells later ones. */
export function functionFields(value: unknown): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>()
  if ((typeof value !== 'function' && typeof value !== 'object') || value === null) return found
  for (const key of Object.keys(value)) {
    const field = dataOf(value, key)
    if (typeof field?.value === 'function') found.set(key, field.value)
  }
  return found
}

/** Gives code that was made from its text the fields it had: those it should not have go. */
export function putFields(value: unknown, fields: Readonly<Record<string, unknown>>): void {
  if ((typeof value !== 'function' && typeof value !== 'object') || value === null) return
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(fields, key) && typeof dataOf(value, key)?.value !== 'function') Reflect.deleteProperty(value, key)
  }
  for (const [key, field] of Object.entries(fields)) Object.defineProperty(value, key, { value: field, writable: true, enumerable: true, configurable: true })
}

/** Methods live on the class and its prototype and are not enumerable, unless somebody put them there later. */
function refuseChangedMethods({ name, kind, source }: LiveDefinition['definition'], value: object): void {
  const prototype = dataOf(value, 'prototype')?.value
  if (typeof prototype !== 'object' || prototype === null) return
  const added = Object.keys(prototype)[0]
  if (added !== undefined) throw cannotTravel(name, `prototype.${added}`, 'was put on its prototype')
  // Rewritten text cannot be compared.
  if (kind !== 'class' || !source.startsWith('class') || source.includes('import.meta')) return
  for (const [owner, path] of [[value, ''], [prototype, 'prototype.']] as const) {
    for (const key of Object.getOwnPropertyNames(owner)) {
      const method = key === 'constructor' ? undefined : dataOf(owner, key)
      if (typeof method?.value === 'function' && !Object.keys(owner).includes(key) && !source.includes(textOf(method.value))) throw cannotTravel(name, path + key, 'was replaced')
    }
  }
}

function dataOf(value: object, key: string): { value: unknown } | undefined {
  const descriptor = Object.getOwnPropertyDescriptor(value, key)
  return descriptor !== undefined && 'value' in descriptor ? { value: descriptor.value as unknown } : undefined
}

function textOf(value: unknown): string {
  return Function.prototype.toString.call(value)
}

function cannotTravel(name: string, key: string, what: string): LabflowError {
  const text = `\`${name}.${key}\` ${what} after \`${name}\` was declared, so the text of \`${name}\` does not hold it and a worker would not have it. Declare it with \`${name}\`, in the same statement.`
  return new LabflowError('CANNOT_CAPTURE', text, { detail: { name, field: key } })
}
