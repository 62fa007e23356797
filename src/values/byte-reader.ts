/**
 * Owns reading back what {@link ByteWriter} wrote. Refuses to read past the end: a cut or damaged header is an error, never a wrong value.
 */
import { LabflowError } from '../model/errors.ts'
import { TAG } from './tags.ts'

export class ByteReader {
  private readonly bytes: Buffer
  private readonly view: DataView
  private position = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  byte(): number {
    if (this.position >= this.bytes.length) throw damaged('it ends too early')
    return this.bytes[this.position++]!
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
    throw damaged('a length is out of range')
  }

  /** A varint that must fit the bytes left when each unit takes `unitBytes`. */
  count(unitBytes = 1): number {
    const count = this.varint()
    if (count * unitBytes > this.bytes.length - this.position) throw damaged('a count is larger than what follows')
    return count
  }

  integer(): number {
    const zigzag = this.varint()
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
  }

  float(): number {
    if (this.position + 8 > this.bytes.length) throw damaged('it ends too early')
    const value = this.view.getFloat64(this.position, true)
    this.position += 8
    return value
  }

  text(): string {
    return this.textOf(this.byte())
  }

  /** The string whose tag was read already. */
  textOf(tag: number): string {
    const size = this.count()
    const start = this.position
    this.position += size
    if (tag === TAG.ascii) return this.bytes.toString('latin1', start, this.position)
    if (tag === TAG.utf8) return this.bytes.toString('utf8', start, this.position)
    if (tag === TAG.utf16) return this.bytes.toString('utf16le', start, this.position)
    throw damaged(`tag ${tag} stands where text should`)
  }
}

/** The error for a header that cannot be read. */
export function damaged(reason: string): LabflowError {
  return new LabflowError('BAD_MESSAGE', `A stored or sent value cannot be read: ${reason}. It is damaged or from a newer Labflow.`)
}
