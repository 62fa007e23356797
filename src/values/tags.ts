/**
 * Owns the tag bytes of an encoded value. A tag never changes its meaning: stored results outlive the program that wrote them.
 */
export const TAG = {
  undefined: 0, null: 1, true: 2, false: 3, integer: 4, float: 5, nan: 6, negativeZero: 7, bigint: 8,
  ascii: 9, utf8: 10, utf16: 11, reference: 12, object: 13, nullObject: 14, array: 15, numbers: 16, sparseArray: 17,
  map: 18, set: 19, date: 20, regexp: 21, boxed: 22, error: 23, instance: 24, adapted: 25, function: 26,
  arrayBuffer: 27, view: 28, withExtras: 29, url: 30, fixed: 31, withHidden: 32,
} as const

/** Kinds of views by index; new ones go to the end. */
export const VIEW_KINDS = [
  'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array',
  'BigInt64Array', 'BigUint64Array', 'DataView', 'Buffer', 'Float16Array',
] as const

/** Error classes of the language by index. */
export const ERROR_KINDS = ['Error', 'TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'EvalError', 'URIError', 'AggregateError'] as const

/** How an object that takes no new properties is fixed, by index. */
export const FIXINGS = [Object.preventExtensions, Object.seal, Object.freeze] as const

/** First byte of every header. */
export const FORMAT_VERSION = 1
