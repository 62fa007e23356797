/**
 * Owns finding the way to write a built-in function that a notebook name holds: after `const { sqrt } = Math`, sqrt is `Math.sqrt`.
 */
import { isKnownGlobal } from '../code/globals.ts'

const OWNERS = ['Math', 'JSON', 'Object', 'Number', 'String', 'Array', 'Reflect', 'Promise', 'Atomics', 'BigInt', 'Date', 'Symbol', 'console', 'performance', 'crypto'] as const

let expressions: Map<unknown, string> | null = null

/** A JavaScript expression for a built-in function or class; null for every other value. */
export function builtInExpression(value: unknown): string | null {
  expressions ??= listBuiltIns()
  return expressions.get(value) ?? null
}

function listBuiltIns(): Map<unknown, string> {
  const found = new Map<unknown, string>()
  for (const owner of OWNERS) addMembers(found, owner)
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = dataProperty(globalThis, name)
    if (isKnownGlobal(name) && typeof value === 'function') found.set(value, name)
  }
  return found
}

function addMembers(found: Map<unknown, string>, owner: string): void {
  const object = dataProperty(globalThis, owner)
  if (object === null || (typeof object !== 'object' && typeof object !== 'function')) return
  for (const name of Object.getOwnPropertyNames(object)) {
    const value = dataProperty(object, name)
    if (isNative(value)) found.set(value, `${owner}.${name}`)
  }
}

function dataProperty(object: object, name: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(object, name)
  return descriptor && 'value' in descriptor ? (descriptor.value as unknown) : null
}

function isNative(value: unknown): boolean {
  return typeof value === 'function' && /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(value))
}
