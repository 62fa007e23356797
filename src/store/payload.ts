/**
 * Owns an encoded value as one run of bytes: count, sizes, then each buffer at a multiple of 8, so that typed arrays can view it in place.
 */

const ALIGNMENT = 8

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT
}

/** One buffer from several. */
export function packBuffers(buffers: readonly Uint8Array[]): Uint8Array {
  let sizeBytes = aligned(4 + 4 * buffers.length)
  for (const buffer of buffers) sizeBytes = aligned(sizeBytes + buffer.byteLength)
  const packed = new Uint8Array(sizeBytes)
  const view = new DataView(packed.buffer)
  view.setUint32(0, buffers.length, true)
  let at = aligned(4 + 4 * buffers.length)
  buffers.forEach((buffer, index) => {
    view.setUint32(4 + 4 * index, buffer.byteLength, true)
    packed.set(buffer, at)
    at = aligned(at + buffer.byteLength)
  })
  return packed
}

/** The buffers as they were; they share memory with `packed`. @throws RangeError when the bytes were cut. */
export function unpackBuffers(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const count = view.getUint32(0, true)
  const buffers: Uint8Array[] = []
  let at = aligned(4 + 4 * count)
  for (let index = 0; index < count; index++) {
    const sizeBytes = view.getUint32(4 + 4 * index, true)
    if (at + sizeBytes > packed.byteLength) throw new RangeError('packed buffers are cut')
    buffers.push(packed.subarray(at, at + sizeBytes))
    at = aligned(at + sizeBytes)
  }
  return buffers
}
