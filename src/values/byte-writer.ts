/**
 * Owns a growing run of bytes: varints, floats and strings. Equal input gives equal bytes.
 */
import { TAG } from './tags.ts'

const SHORT_TEXT = 48

export class ByteWriter {
  private bytes = Buffer.allocUnsafeSlow(4096)
  private view = new DataView(this.bytes.buffer)
  private length = 0

  byte(value: number): void {
    if (this.length === this.bytes.length) this.grow(1)
    this.bytes[this.length++] = value
  }

  /** A non-negative integer below 2^53. */
  varint(value: number): void {
    this.reserve(8)
    while (value >= 0x80) {
      this.bytes[this.length++] = (value % 0x80) | 0x80
      value = Math.floor(value / 0x80)
    }
    this.bytes[this.length++] = value
  }

  /** A tagged number; integers below 2^31 are short. */
  number(value: number): void {
    if (value !== value) return this.byte(TAG.nan)
    if ((value | 0) === value) {
      if (value === 0 && 1 / value < 0) return this.byte(TAG.negativeZero)
      this.byte(TAG.integer)
      return this.varint(value < 0 ? -2 * value - 1 : 2 * value)
    }
    this.byte(TAG.float)
    this.float(value)
  }

  float(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** Numbers as raw float64; NaN always has the same bits. */
  floats(values: readonly number[]): void {
    this.reserve(8 * values.length)
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      this.view.setFloat64(this.length, value === value ? value : NaN, true)
      this.length += 8
    }
  }

  /** A tagged string: ASCII, else UTF-8, else UTF-16 when it has lone surrogates. */
  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.shortAscii(value)) return
    const isWellFormed = (value as string & { isWellFormed(): boolean }).isWellFormed()
    const encoding = isWellFormed ? 'utf8' : 'utf16le'
    const size = Buffer.byteLength(value, encoding)
    this.byte(!isWellFormed ? TAG.utf16 : size === value.length ? TAG.ascii : TAG.utf8)
    this.varint(size)
    this.reserve(size)
    this.length += this.bytes.write(value, this.length, size, encoding)
  }

  /** Bytes written so far. */
  get size(): number {
    return this.length
  }

  uint32(value: number): void {
    this.reserve(4)
    this.view.setUint32(this.length, value, true)
    this.length += 4
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  private shortAscii(value: string): boolean {
    this.reserve(value.length + 2)
    const { bytes } = this
    const start = this.length + 2
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 0x7f) return false
      bytes[start + i] = unit
    }
    bytes[this.length] = TAG.ascii
    bytes[this.length + 1] = value.length
    this.length = start + value.length
    return true
  }

  private reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.grow(count)
  }

  private grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.length + count))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}
