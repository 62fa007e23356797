/**
 * Owns what a codec may ask of the place it works in: how notebook classes and functions are called there.
 */

/** Key of the adapter a class may carry: `static [codec] = { encode, decode }`. */
export const codec: unique symbol = Symbol.for('labflow.codec') as never

/** How a class travels that fields alone cannot rebuild. `encode` gives plain data, `decode` the instance again. */
export interface ClassAdapter<Value = unknown, Plain = unknown> {
  encode(value: Value): Plain
  decode(plain: Plain): Value
}

/** A class as a value. */
export type ClassValue = abstract new (...args: never[]) => object

/** Names of classes and functions at this place. Every member may be left out; then such values are refused. */
export interface CodecContext {
  /** Name of a notebook or module class, the same in every process that has it; null = not known. */
  nameOfClass?(type: ClassValue): string | null
  classNamed?(name: string): ClassValue | undefined
  /** A token for a function that the other side can resolve; null = refuse it. */
  encodeFunction?(value: (...args: never[]) => unknown): string | null
  decodeFunction?(token: string): unknown
  /** What the root is called in messages; default `value`. */
  rootName?: string
  /** The caller owns the encoded buffers alone, so that decoded arrays may use their memory. Default false: they are copied. */
  mayAdoptBuffers?: boolean
}
