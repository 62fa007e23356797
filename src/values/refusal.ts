/**
 * Owns the words for values that cannot travel: the path to the value, its class, and what to do instead.
 */
import { types } from 'node:util'
import { LabflowError } from '../model/errors.ts'

/** A CANNOT_ENCODE error; `detail` has path and className. */
export function refusal(path: string, className: string, reason: string): LabflowError {
  return new LabflowError('CANNOT_ENCODE', `${path} cannot travel to another process: ${reason}`, { detail: { path, className } })
}

/** Why a built-in that is no data cannot travel, and what to do; null when it is none of these. */
export function builtInReason(value: object): { className: string; reason: string } | null {
  const className = classNameOf(value)
  const because = (what: string): { className: string; reason: string } => ({ className, reason: what })
  if (types.isProxy(value)) return { className: 'Proxy', reason: 'it is a Proxy, whose handler is code. Copy it into a plain object, as in {...value}.' }
  if (types.isPromise(value)) return because('it is a Promise. Await it first and pass what it resolves to.')
  if (types.isWeakMap(value) || types.isWeakSet(value) || className === 'WeakRef') return because(`a ${className} cannot be listed. Use a ${className.replace('Weak', '')} or plain data.`)
  if (types.isModuleNamespaceObject(value)) return because('it is a module. Import it in the cell or function that uses it.')
  if (types.isExternal(value)) return because('it is a handle of native code. Create it inside the task.')
  if (types.isGeneratorObject(value) || /Iterator$/.test(className)) return because(`it is an iterator (${className}). Collect it first, as in [...value].`)
  if (isStream(value)) return because(`it is a stream (${className}). Open it inside the task, or read it first.`)
  return null
}

/** Name of the class of an object, without calling its code. */
export function classNameOf(value: object): string {
  if (types.isProxy(value)) return 'Proxy'
  for (let proto: unknown = Object.getPrototypeOf(value); typeof proto === 'object' && proto !== null; proto = Object.getPrototypeOf(proto)) {
    const constructor = Object.getOwnPropertyDescriptor(proto, 'constructor')?.value as unknown
    if (typeof constructor === 'function' && constructor.name) return constructor.name
    const tag = Object.getOwnPropertyDescriptor(proto, Symbol.toStringTag)?.value as unknown
    if (typeof tag === 'string') return tag.replaceAll(' ', '')
  }
  return 'Object'
}

function isStream(value: object): boolean {
  for (let proto: unknown = Object.getPrototypeOf(value); typeof proto === 'object' && proto !== null; proto = Object.getPrototypeOf(proto)) {
    if (['pipe', 'getReader', 'getWriter'].some((method) => typeof Object.getOwnPropertyDescriptor(proto, method)?.value === 'function')) return true
  }
  return false
}
