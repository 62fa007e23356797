/**
 * Owns what completion and inspection may know of live values: names, kinds, a short preview. Follows property descriptors only; no getter runs.
 */
import { types } from 'node:util'
import { className, inspectText } from '../../src/display/index.ts'
import type { LiveDescription } from './protocol.ts'

const MAX_PROPERTIES = 1_000
const MAX_PREVIEW_CHARS = 2_000

/** Describes `name`, `a.b.c` or `a["b"][0]`; anything else does not exist. */
export function describeExpression(expression: string): LiveDescription {
  const found = resolvePath(expression)
  if (found === null) return { exists: false, kind: 'undefined', properties: [], preview: '' }
  return { exists: true, kind: kindOf(found.value), properties: propertiesOf(found.value), preview: inspectText(found.value).slice(0, MAX_PREVIEW_CHARS) }
}

/** One variable of the notebook for `%who` and a variable panel. */
export interface VariableDescription {
  name: string
  kind: string
  /** First line of the text form, at most 120 characters. */
  preview: string
  /** Bytes of the data where that is cheap to know, else null. */
  sizeBytes: number | null
}

/** The named properties of globalThis; accessors show as pending. */
export function describeVariables(names: readonly string[], pendingRun: (name: string) => string | null): VariableDescription[] {
  return names.map((name) => {
    const run = pendingRun(name)
    if (run !== null) return { name, kind: 'pending', preview: `result of run ${run}`, sizeBytes: null }
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
    if (descriptor?.get !== undefined) return { name, kind: 'getter', preview: '[getter]', sizeBytes: null }
    const value: unknown = descriptor?.value
    const text = inspectText(value)
    const line = (text.split('\n')[0] ?? '').slice(0, 120)
    return { name, kind: kindOf(value), preview: line === text ? line : `${line} …`, sizeBytes: sizeOf(value) }
  })
}

function resolvePath(expression: string): { value: unknown } | null {
  const steps = parsePath(expression)
  if (steps === null) return null
  let value: unknown = globalThis
  for (const step of steps) {
    const descriptor = findProperty(value, step)
    if (descriptor === null || descriptor.get !== undefined) return null
    value = descriptor.value as unknown
  }
  return { value }
}

function parsePath(expression: string): string[] | null {
  const steps: string[] = []
  let rest = expression.trim()
  for (let isFirst = true; rest !== ''; isFirst = false) {
    const match = isFirst ? /^([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)/u.exec(rest) : /^(?:\??\.([\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*)|\[(?:(\d+)|"([^"\\]*)"|'([^'\\]*)')\])/u.exec(rest)
    if (match === null) return null
    steps.push((match[1] ?? match[2] ?? match[3] ?? match[4]) as string)
    rest = rest.slice(match[0].length)
  }
  return steps.length === 0 ? null : steps
}

function findProperty(value: unknown, name: string): PropertyDescriptor | null {
  for (let holder = asObject(value); holder !== null && !types.isProxy(holder); holder = Object.getPrototypeOf(holder) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, name)
    if (descriptor !== undefined) return descriptor
  }
  return null
}

function asObject(value: unknown): object | null {
  return value === null || value === undefined ? null : (Object(value) as object)
}

function propertiesOf(value: unknown): { name: string; kind: string }[] {
  const found = new Map<string, string>()
  for (let holder = asObject(value); holder !== null && !types.isProxy(holder) && found.size < MAX_PROPERTIES; holder = Object.getPrototypeOf(holder) as object | null) {
    // Items of a long list are no names to complete.
    if (types.isTypedArray(holder) || (Array.isArray(holder) && holder.length > MAX_PROPERTIES)) {
      found.set('length', 'number')
      continue
    }
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (found.size >= MAX_PROPERTIES) break
      if (!found.has(name)) found.set(name, descriptor.get === undefined ? kindOf(descriptor.value) : 'getter')
    }
  }
  return [...found].map(([name, kind]) => ({ name, kind }))
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? className(value) : typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : typeof value
}

function sizeOf(value: unknown): number | null {
  if (types.isTypedArray(value) || types.isAnyArrayBuffer(value) || value instanceof DataView) return value.byteLength
  return typeof value === 'string' ? value.length * 2 : null
}
