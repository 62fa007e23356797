/**
 * Owns short, JSON-safe previews of values for cards and run lists. Calls no getter and no code of the value; loses detail on purpose.
 */
import { inspect, types } from 'node:util'

const MAX_CHARS = 200
const MAX_ITEMS = 8
const MAX_DEPTH = 2

/** A JSON value whose text is at most about 200 characters: small plain data as it is, the rest in words. */
export function previewValue(value: unknown): unknown {
  const preview = previewAt(value, 0)
  if ((JSON.stringify(preview) ?? '').length <= MAX_CHARS) return preview
  return typeof value === 'string' ? cut(value) : cut(oneLine(value))
}

function previewAt(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'number': return Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value)
    case 'string': return cut(value)
    case 'boolean': return value
    case 'undefined': return 'undefined'
    case 'bigint': return `${value}n`
    case 'function': return `[Function ${value.name || '(anonymous)'}]`
    case 'symbol': return String(value)
    default: return value === null ? null : previewObject(value as object, depth)
  }
}

function previewObject(value: object, depth: number): unknown {
  if (types.isProxy(value)) return '[Proxy]'
  if (types.isTypedArray(value)) return describeTyped(value)
  if (Array.isArray(value)) return value.length <= MAX_ITEMS && depth < MAX_DEPTH ? value.map((item) => previewAt(item, depth + 1)) : describeArray(value)
  const proto: unknown = Object.getPrototypeOf(value)
  if (proto !== Object.prototype && proto !== null) return cut(oneLine(value))
  const keys = Object.keys(value)
  if (depth >= MAX_DEPTH || keys.length > 2 * MAX_ITEMS) return `{ ${keys.slice(0, MAX_ITEMS).join(', ')}${keys.length > MAX_ITEMS ? `, … ${keys.length} fields` : ''} }`
  const preview: Record<string, unknown> = {}
  for (const key of keys) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key)
    preview[key] = descriptor && 'value' in descriptor ? previewAt(descriptor.value, depth + 1) : '[getter]'
  }
  return preview
}

function describeArray(value: readonly unknown[]): string {
  const first: unknown = value[0]
  if (Array.isArray(first)) return `Array(${value.length} × ${first.length})`
  if (types.isTypedArray(first)) return `Array(${value.length}) of ${describeTyped(first)}`
  const head = value.slice(0, 3).map((item) => (typeof item === 'object' && item !== null ? '{…}' : String(previewAt(item, MAX_DEPTH))))
  return `Array(${value.length}) [${head.join(', ')}${value.length > 3 ? ', …' : ''}]`
}

function describeTyped(value: NodeJS.TypedArray): string {
  const shape = Object.getOwnPropertyDescriptor(value, 'shape')?.value as unknown
  const size = Array.isArray(shape) ? shape.join(' × ') : String(value.length)
  const head = Array.from({ length: Math.min(3, value.length) }, (_, index) => String(value[index]))
  return `${value[Symbol.toStringTag]}(${size})${head.length > 0 ? ` [${head.join(', ')}${value.length > 3 ? ', …' : ''}]` : ''}`
}

function oneLine(value: unknown): string {
  return inspect(value, { depth: 1, maxArrayLength: 3, maxStringLength: 60, breakLength: Infinity, compact: true, customInspect: false, getters: false }).replace(/\s+/g, ' ')
}

function cut(text: string): string {
  return text.length <= MAX_CHARS - 10 ? text : `${text.slice(0, MAX_CHARS - 11).toWellFormed()}…`
}
