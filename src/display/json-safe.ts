/**
 * Owns the JSON form of a value for front ends: typed arrays become lists, what JSON lacks becomes null or text. Getters are not triggered.
 */
import { types } from 'node:util'

const MAX_DEPTH = 64

/** A copy that JSON can hold: NaN and infinities are null, BigInt and Date text, Map an object, Set a list; a cycle ends in null. */
export function jsonSafe(value: unknown, ancestors: readonly object[] = []): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'bigint') return value.toString()
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value !== 'object') return null
  if (ancestors.includes(value) || ancestors.length > MAX_DEPTH) return null
  const inner = [...ancestors, value]
  const each = (item: unknown): unknown => jsonSafe(item, inner)
  if (types.isTypedArray(value)) return Array.from(value as Iterable<number | bigint>, each)
  if (Array.isArray(value)) return value.map(each)
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (types.isMap(value)) return Object.fromEntries([...value].map(([key, item]) => [String(key), each(item)]))
  if (types.isSet(value)) return [...value].map(each)
  const copy: Record<string, unknown> = {}
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (descriptor.enumerable === true && descriptor.get === undefined && descriptor.value !== undefined && typeof descriptor.value !== 'function') {
      copy[name] = each(descriptor.value)
    }
  }
  return copy
}
