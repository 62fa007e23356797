/**
 * Owns the text/plain form of a value: plain inspection without colours. Never triggers a getter; a broken custom inspector is said, not thrown.
 */
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect, types } from 'node:util'

const TYPED_ARRAY_HEAD = 12
const TYPED_ARRAY_TAIL = 3
const ownRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const ownFolders = ['src', 'kernel', 'magics'].map((folder) => `${ownRoot}/${folder}/`)

/** Whether a stack line belongs to Labflow or to Node's insides. */
export function isForeignFrame(line: string): boolean {
  return /\bnode:|<anonymous>$/.test(line) || ownFolders.some((folder) => line.includes(folder))
}

/** A value as text. Typed arrays are cut to their first 12 and last 3 items, other lists to 100, with the length said. */
export function inspectText(value: unknown): string {
  if (isNumericArray(value) && value.length > TYPED_ARRAY_HEAD + TYPED_ARRAY_TAIL) return inspectLongTypedArray(value)
  let text: string
  try {
    text = inspect(value, {
      colors: false,
      depth: 4,
      getters: false,
      maxArrayLength: 100,
      maxStringLength: typeof value === 'string' ? null : 10_000,
      breakLength: 100,
    })
  } catch (error) {
    return `[${className(value)}: its own inspector failed: ${error instanceof Error ? error.message : String(error)}]`
  }
  return /\n\s+at /.test(text) ? withoutForeignFrames(text) : text
}

/** Name of a value's class, read without running its code. */
export function className(value: unknown): string {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return typeof value
  if (types.isProxy(value)) return 'Proxy'
  const prototype = Object.getPrototypeOf(value) as object | null
  const maker = prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  return typeof maker === 'function' && typeof maker.name === 'string' && maker.name !== '' ? maker.name : 'Object'
}

function withoutForeignFrames(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s+at /.test(line) || !isForeignFrame(line))
    .join('\n')
}

type NumericArray = Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array | Uint8ClampedArray | BigInt64Array | BigUint64Array

function isNumericArray(value: unknown): value is NumericArray {
  return types.isTypedArray(value) && !Buffer.isBuffer(value) && !types.isProxy(value)
}

function inspectLongTypedArray(value: NumericArray): string {
  const show = (item: number | bigint | undefined): string => inspect(item)
  const head = Array.from(value.subarray(0, TYPED_ARRAY_HEAD) as ArrayLike<number | bigint>, show)
  const tail = Array.from(value.subarray(value.length - TYPED_ARRAY_TAIL) as ArrayLike<number | bigint>, show)
  return `${className(value)}(${value.length}) [\n  ${head.join(', ')},\n  …, ${tail.join(', ')}\n]`
}
