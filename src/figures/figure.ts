/**
 * Owns what a figure is to us: the part of Plotly's JSON that the static drawing reads, and its readers.
 * Refuses nothing: unknown fields are ignored, odd values read as absent.
 */

/** A figure as Plotly takes it. */
export interface Figure {
  data: readonly Trace[]
  layout?: Readonly<Record<string, unknown>>
}

/** One trace as Plotly takes it; a missing `type` is scatter. */
export type Trace = Readonly<Record<string, unknown>>

/** A value along an axis: a number, or a category. */
export type Coordinate = number | string

/** The object in a field, or an empty one. */
export function objectIn(holder: Readonly<Record<string, unknown>> | undefined, field: string): Readonly<Record<string, unknown>> {
  const value = holder?.[field]
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** The finite number in a field, or `otherwise`. */
export function numberIn(holder: Readonly<Record<string, unknown>>, field: string, otherwise: number): number {
  const value = holder[field]
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}

/** The string in a field, or `otherwise`. */
export function stringIn(holder: Readonly<Record<string, unknown>>, field: string, otherwise: string): string {
  const value = holder[field]
  return typeof value === 'string' ? value : otherwise
}

/** A title: Plotly takes `'text'` and `{ text }`; its small HTML becomes plain text. */
export function titleIn(holder: Readonly<Record<string, unknown>> | undefined): string {
  const title = holder?.['title']
  const text = typeof title === 'string' ? title : objectIn(holder, 'title')['text']
  return typeof text === 'string' ? plainText(text) : ''
}

/** Text without the tags that Plotly knows: `<br>` becomes a blank, others go; any other `<` is text. */
export function plainText(text: string): string {
  return text.replace(/<br\s*\/?>/gi, ' ').replace(/<\/?(?:b|i|em|strong|sub|sup|span|a|u|s)(?:\s[^<>]*)?>/gi, '')
}

/** A list of coordinates from an array or a typed array; null, undefined and NaN become NaN, dates their time. */
export function coordinatesIn(holder: Readonly<Record<string, unknown>>, field: string): Coordinate[] | null {
  const list = listIn(holder[field])
  return list === null ? null : Array.from(list, coordinate)
}

function coordinate(value: unknown): Coordinate {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return String(value)
  return value instanceof Date ? value.toISOString() : Number.NaN
}

/** Plotly's names of packed number types. */
const PACKED = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array, i2: Int16Array, u2: Uint16Array, i1: Int8Array, u1: Uint8Array, u1c: Uint8ClampedArray } as const

/** The value as a list when it is an array, a typed array or Plotly's packed form `{ dtype, bdata }`, else null. */
export function listIn(value: unknown): ArrayLike<unknown> | null {
  if (Array.isArray(value)) return value
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return value as unknown as ArrayLike<unknown>
  const packed = value as { dtype?: unknown; bdata?: unknown } | null | undefined
  const Packed = PACKED[packed?.dtype as keyof typeof PACKED]
  if (Packed === undefined || typeof packed?.bdata !== 'string') return null
  const bytes = Uint8Array.from(Buffer.from(packed.bdata, 'base64'))
  return new Packed(bytes.buffer, 0, Math.floor(bytes.byteLength / Packed.BYTES_PER_ELEMENT))
}
