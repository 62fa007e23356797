/**
 * Owns pictures as bytes: telling their kind by magic bytes, and writing pixels as PNG.
 */
import { crc32, deflateSync } from 'node:zlib'

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Pixels, four bytes each: red, green, blue, alpha. As the web's ImageData. */
export interface Pixels {
  width: number
  height: number
  data: Uint8ClampedArray | Uint8Array
}

/** The MIME type of picture bytes, null when they are none that a notebook shows. */
export function imageMime(bytes: Uint8Array): string | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 16))
  if (view.subarray(0, 8).equals(PNG_SIGNATURE)) return 'image/png'
  if (view[0] === 0xff && view[1] === 0xd8 && view[2] === 0xff) return 'image/jpeg'
  if (view.toString('latin1', 0, 4) === 'GIF8') return 'image/gif'
  if (view.toString('latin1', 0, 4) === 'RIFF' && view.toString('latin1', 8, 12) === 'WEBP') return 'image/webp'
  return null
}

/** Picture bytes, or text that is already base64, as base64 for a MIME bundle. */
export function toBase64(bytes: Uint8Array | string): string {
  if (typeof bytes === 'string') return bytes.replace(/^data:[^,]*,/, '')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** Whether a value holds width × height RGBA pixels, as ImageData does. */
export function isPixels(value: unknown): value is Pixels {
  if (value === null || typeof value !== 'object') return false
  const { width, height, data } = readPlain(value, ['width', 'height', 'data'])
  return (
    Number.isInteger(width) && Number.isInteger(height) && (width as number) > 0 && (height as number) > 0 &&
    (data instanceof Uint8ClampedArray || data instanceof Uint8Array) && data.length === (width as number) * (height as number) * 4
  )
}

/** PNG of RGBA pixels, lossless. */
export function encodePng(pixels: Pixels): Uint8Array {
  const { width, height, data } = pixels
  const rows = Buffer.alloc(height * (width * 4 + 1))
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * width * 4, (y + 1) * width * 4), y * (width * 4 + 1) + 1)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 6, 0, 0, 0], 8)
  return Buffer.concat([PNG_SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  framed.set(body, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

function readPlain(value: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, Object.getOwnPropertyDescriptor(value, name)?.value as unknown]))
}
