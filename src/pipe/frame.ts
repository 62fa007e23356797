/**
 * Owns the byte layout of a frame on a pipe between processes: magic, lengths, checksum, JSON header, raw buffers.
 * Refuses nothing it can skip: a reader that meets damage searches the next frame and reports the bytes it lost.
 *
 * Layout, little endian: magic u32 · crc32 u32 (of all that follows) · headerBytes u32 · bufferCount u32 ·
 * bufferCount × sizeBytes u32 · header (UTF-8 JSON) · buffers.
 */
import { crc32 } from 'node:zlib'
import { LabflowError } from '../model/errors.ts'

const MAGIC = 0x4646_4c01
const FIXED_BYTES = 16
/** A header beyond this is damage, not a message: real headers stay under a few MB. */
const MAX_HEADER_BYTES = 256 * 1024 * 1024
const MAX_BUFFERS = 1_000_000
const MAX_BUFFER_BYTES = 0xffff_ffff

/** One message of a pipe: plain data and the raw buffers it refers to by index. */
export interface Frame<Message = unknown> {
  message: Message
  buffers: Uint8Array[]
}

/** The bytes of one frame, in pieces so that large buffers are not copied. @throws LabflowError BAD_MESSAGE for a frame over its limits. */
export function encodeFrame(message: unknown, buffers: readonly Uint8Array[] = []): Uint8Array[] {
  const header = Buffer.from(JSON.stringify(message), 'utf8')
  refuseOversize(header, buffers)
  const head = Buffer.alloc(FIXED_BYTES + 4 * buffers.length)
  head.writeUInt32LE(MAGIC, 0)
  head.writeUInt32LE(header.byteLength, 8)
  head.writeUInt32LE(buffers.length, 12)
  buffers.forEach((buffer, index) => head.writeUInt32LE(buffer.byteLength, FIXED_BYTES + 4 * index))
  let checksum = crc32(head.subarray(8))
  checksum = crc32(header, checksum)
  for (const buffer of buffers) checksum = crc32(buffer, checksum)
  head.writeUInt32LE(checksum, 4)
  return [head, header, ...buffers]
}

function refuseOversize(header: Uint8Array, buffers: readonly Uint8Array[]): void {
  const largest = buffers.reduce((most, buffer) => Math.max(most, buffer.byteLength), 0)
  if (header.byteLength <= MAX_HEADER_BYTES && buffers.length <= MAX_BUFFERS && largest <= MAX_BUFFER_BYTES) return
  throw new LabflowError(
    'BAD_MESSAGE',
    `A message of ${header.byteLength} header bytes and ${buffers.length} buffers (largest ${largest} bytes) is over the limit of ` +
      `${MAX_HEADER_BYTES} header bytes, ${MAX_BUFFERS} buffers, 4 GiB a buffer: send less at once, or put the data in a file.`,
  )
}

/** Cuts a byte stream into frames; damaged bytes are skipped up to the next valid frame and counted. */
export class FrameReader<Message = unknown> {
  #chunks: Buffer[] = []
  #sizeBytes = 0
  #neededBytes = FIXED_BYTES
  #skippedBytes = 0
  readonly #onFrame: (frame: Frame<Message>) => void
  readonly #onDamage: (lostBytes: number) => void

  constructor(onFrame: (frame: Frame<Message>) => void, onDamage: (lostBytes: number) => void = () => {}) {
    this.#onFrame = onFrame
    this.#onDamage = onDamage
  }

  /** Takes the next bytes; calls back once for each frame that is complete. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#sizeBytes += chunk.byteLength
    if (this.#sizeBytes < this.#neededBytes) return
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks, this.#sizeBytes)
    let at = 0
    try {
      for (;;) {
        const step = this.#read(bytes, at)
        if (step === 'need-more') break
        at = step.next
        if (step.frame !== null) this.#deliver(step.frame)
      }
    } finally {
      // Also when a callback threw: a frame is delivered once.
      const rest = bytes.subarray(at)
      this.#chunks = rest.byteLength > 0 ? [rest] : []
      this.#sizeBytes = rest.byteLength
    }
  }

  #deliver(frame: Frame<Message>): void {
    const lostBytes = this.#skippedBytes
    this.#skippedBytes = 0
    if (lostBytes > 0) this.#onDamage(lostBytes)
    this.#onFrame(frame)
  }

  /** Reads one frame at `at`; returns it with the position after it, or no frame with the place to look on, or 'need-more'. */
  #read(bytes: Buffer, at: number): { next: number; frame: Frame<Message> | null } | 'need-more' {
    const left = bytes.byteLength - at
    this.#neededBytes = FIXED_BYTES
    if (left < FIXED_BYTES) return 'need-more'
    if (bytes.readUInt32LE(at) !== MAGIC) return this.#skip(bytes, at)
    const headerBytes = bytes.readUInt32LE(at + 8)
    const bufferCount = bytes.readUInt32LE(at + 12)
    if (headerBytes > MAX_HEADER_BYTES || bufferCount > MAX_BUFFERS) return this.#skip(bytes, at)
    let total = FIXED_BYTES + 4 * bufferCount + headerBytes
    if (left < FIXED_BYTES + 4 * bufferCount) return this.#need(total)
    const sizes: number[] = []
    for (let index = 0; index < bufferCount; index++) {
      const sizeBytes = bytes.readUInt32LE(at + FIXED_BYTES + 4 * index)
      sizes.push(sizeBytes)
      total += sizeBytes
    }
    if (left < total) return this.#need(total)
    if (crc32(bytes.subarray(at + 8, at + total)) !== bytes.readUInt32LE(at + 4)) return this.#skip(bytes, at)
    let cursor = at + FIXED_BYTES + 4 * bufferCount
    const message = JSON.parse(bytes.toString('utf8', cursor, cursor + headerBytes)) as Message
    cursor += headerBytes
    const buffers = sizes.map((sizeBytes) => {
      const buffer = bytes.subarray(cursor, cursor + sizeBytes)
      cursor += sizeBytes
      return buffer
    })
    return { next: cursor, frame: { message, buffers } }
  }

  #need(totalBytes: number): 'need-more' {
    this.#neededBytes = totalBytes
    return 'need-more'
  }

  #skip(bytes: Buffer, at: number): { next: number; frame: null } {
    const pattern = Buffer.alloc(4)
    pattern.writeUInt32LE(MAGIC, 0)
    const next = bytes.indexOf(pattern, at + 1)
    const to = next === -1 ? Math.max(at + 1, bytes.byteLength - 3) : next
    this.#skippedBytes += to - at
    return { next: to, frame: null }
  }
}
