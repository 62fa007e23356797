/**
 * Owns the faithful encoding of values between processes and its digest: what comes back is what went in, or there is an error
 * that names path and class. Equal values give equal digests; order of keys, holes, −0, NaN and undefined count.
 */
import { createHash } from 'node:crypto'
import { damaged } from './byte-reader.ts'
import { Decoder } from './decoder.ts'
import { Encoder } from './encoder.ts'
import type { CodecContext } from './context.ts'
import type { EncodedValue } from '../model/run.ts'

export { codec } from './context.ts'
export type { ClassAdapter, ClassValue, CodecContext } from './context.ts'

/**
 * Encodes a value. The buffers are views of the value's own memory: send or store them before the value changes.
 * @throws LabflowError CANNOT_ENCODE with path and class.
 */
export function encodeValue(value: unknown, context: CodecContext = {}): { encoded: EncodedValue; digest: string } {
  const encoded = encodeOnly(value, context)
  return { encoded, digest: digestOfEncoded(encoded) }
}

/** As {@link encodeValue} without the digest, when nobody asks for it. */
export function encodeOnly(value: unknown, context: CodecContext = {}): EncodedValue {
  return new Encoder(context).encode(value)
}

/** Rebuilds a value. @throws LabflowError BAD_MESSAGE for damaged bytes, CANNOT_BIND for a class that is not known here. */
export function decodeValue(encoded: EncodedValue, context: CodecContext = {}): unknown {
  try {
    return new Decoder(encoded, context).decode()
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError) throw damaged(error.message)
    throw error
  }
}

/** sha256 hex of a value. @throws LabflowError CANNOT_ENCODE. */
export function digestValue(value: unknown, context: CodecContext = {}): string {
  return digestOfEncoded(encodeOnly(value, context))
}

/** sha256 hex of an encoding: header, then each buffer with its length. */
function digestOfEncoded(encoded: EncodedValue): string {
  const hash = createHash('sha256')
  hash.update(encoded.header)
  for (const buffer of encoded.buffers) {
    hash.update(`\u0000${buffer.byteLength}\u0000`)
    hash.update(buffer)
  }
  return hash.digest('hex')
}

/** The encoding as one list of buffers, header first, as it stands beside a message. */
export function toBuffers(encoded: EncodedValue): Uint8Array[] {
  return [encoded.header, ...encoded.buffers]
}

/** The way back of {@link toBuffers}; null for an empty list (no value). */
export function fromBuffers(buffers: readonly Uint8Array[]): EncodedValue | null {
  const [header, ...rest] = buffers
  return header ? { header, buffers: rest } : null
}
