/**
 * Owns rebuilding a value from its encoding, with its cycles, shared parts, classes and views. Refuses a damaged header with BAD_MESSAGE.
 */
import { LabflowError } from '../model/errors.ts'
import { ByteReader, damaged } from './byte-reader.ts'
import { codec } from './context.ts'
import { ERROR_KINDS, FIXINGS, FORMAT_VERSION, TAG, VIEW_KINDS } from './tags.ts'
import type { ClassAdapter, ClassValue, CodecContext } from './context.ts'
import type { EncodedValue } from '../model/run.ts'

type Fields = Record<string, unknown>

export class Decoder {
  private readonly reader: ByteReader
  private readonly buffers: readonly Uint8Array[]
  private readonly context: CodecContext
  private readonly objects: unknown[] = []
  private readonly shapes: string[][] = []
  private views: unknown[] = []
  private wholes: ArrayBuffer[] = []

  constructor(encoded: EncodedValue, context: CodecContext) {
    this.reader = new ByteReader(encoded.header)
    this.buffers = encoded.buffers
    this.context = context
    const version = this.reader.byte()
    if (version !== FORMAT_VERSION) throw damaged(`it has format ${version}, this Labflow reads format ${FORMAT_VERSION}`)
    this.readTables(encoded.header)
  }

  /** @throws LabflowError BAD_MESSAGE when damaged, CANNOT_BIND when a class is not known here. */
  decode(): unknown {
    return this.read()
  }

  private read(): unknown {
    const tag = this.reader.byte()
    switch (tag) {
      case TAG.undefined: return undefined
      case TAG.null: return null
      case TAG.true: return true
      case TAG.false: return false
      case TAG.integer: return this.reader.integer()
      case TAG.float: return this.reader.float()
      case TAG.nan: return NaN
      case TAG.negativeZero: return -0
      case TAG.bigint: return parseBigInt(this.reader.text())
      case TAG.ascii:
      case TAG.utf8:
      case TAG.utf16: return this.reader.textOf(tag)
      case TAG.function: return this.readFunction()
      case TAG.reference: return this.readReference()
      default: return this.readObject(tag, this.objects.push(undefined) - 1)
    }
  }

  private readObject(tag: number, id: number): unknown {
    switch (tag) {
      case TAG.object: return this.readFields(this.keep(id, {}))
      case TAG.nullObject: return this.readFields(this.keep(id, Object.create(null) as Fields))
      case TAG.array: return this.readArray(id)
      case TAG.numbers: return this.readNumbers(id)
      case TAG.sparseArray: return this.readSparse(id)
      case TAG.map: return this.readMap(id)
      case TAG.set: return this.readSet(id)
      case TAG.date: return this.keep(id, new Date(this.reader.float()))
      case TAG.regexp: return this.readRegExp(id)
      case TAG.boxed: return this.keep(id, Object(this.read()) as object)
      case TAG.url: return this.keep(id, new URL(this.reader.text()))
      case TAG.error: return this.readError(id)
      case TAG.instance: return this.readInstance(id)
      case TAG.adapted: return this.readAdapted(id)
      case TAG.arrayBuffer: return this.keep(id, this.entry(this.wholes))
      case TAG.view: return this.keep(id, this.entry(this.views) as object)
      case TAG.fixed: {
        const fix = FIXINGS[this.reader.byte()] ?? fail('an object is fixed in an unknown way')
        return fixed(this.readObject(this.reader.byte(), id) as object, fix)
      }
      case TAG.withHidden: {
        const target = this.readObject(this.reader.byte(), id) as object
        for (const key of this.readShape()) hide(target, key, this.read())
        return target
      }
      case TAG.withExtras: return this.readFields(this.readObject(this.reader.byte(), id) as Fields)
      default: throw damaged(`tag ${tag} is not known`)
    }
  }

  private keep<T>(id: number, value: T): T {
    this.objects[id] = value
    return value
  }

  private entry<T>(table: readonly T[]): T {
    const index = this.reader.varint()
    if (index >= table.length) throw damaged('it points to a buffer that is not there')
    return table[index]!
  }

  private readReference(): unknown {
    const id = this.reader.varint()
    if (id >= this.objects.length || this.objects[id] === undefined) throw damaged('it refers to a part that is not there')
    return this.objects[id]
  }

  private readFields<T extends object>(target: T): T {
    const fields = target as Fields
    for (const key of this.readShape()) {
      const value = this.read()
      // A plain assignment to __proto__ would change the prototype instead.
      if (key === '__proto__') Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
      else fields[key] = value
    }
    return target
  }

  private readShape(): string[] {
    const shape = this.reader.varint()
    if (shape > 0) return this.shapes[shape - 1] ?? fail('it refers to a list of keys that is not there')
    const keys: string[] = []
    const count = this.reader.count(2)
    for (let i = 0; i < count; i++) keys.push(this.reader.text())
    this.shapes.push(keys)
    return keys
  }

  private readArray(id: number): unknown[] {
    const length = this.reader.count()
    const array = this.keep(id, [] as unknown[])
    for (let i = 0; i < length; i++) array.push(this.read())
    return array
  }

  private readNumbers(id: number): number[] {
    const length = this.reader.count(8)
    const array = this.keep(id, [] as number[])
    for (let i = 0; i < length; i++) array.push(this.reader.float())
    return array
  }

  private readSparse(id: number): unknown[] {
    const length = this.reader.varint()
    if (length > 0xffff_ffff) throw damaged('an array is too long')
    const array = this.keep(id, [] as unknown[])
    array.length = length
    for (let left = this.reader.count(2); left > 0; left--) {
      const index = this.reader.varint()
      if (index >= length) throw damaged('an index lies beyond its array')
      array[index] = this.read()
    }
    return array
  }

  private readMap(id: number): Map<unknown, unknown> {
    const map = this.keep(id, new Map<unknown, unknown>())
    for (let left = this.reader.count(2); left > 0; left--) {
      const key = this.read()
      map.set(key, this.read())
    }
    return map
  }

  private readSet(id: number): Set<unknown> {
    const set = this.keep(id, new Set<unknown>())
    for (let left = this.reader.count(); left > 0; left--) set.add(this.read())
    return set
  }

  private readRegExp(id: number): RegExp {
    const source = this.reader.text()
    const regexp = this.keep(id, new RegExp(source, this.reader.text()))
    regexp.lastIndex = this.read() as number
    return regexp
  }

  private readError(id: number): Error {
    const kind = this.reader.varint()
    if (kind > ERROR_KINDS.length) throw damaged('an error class is not known')
    const name = kind === 0 ? null : ERROR_KINDS[kind - 1]!
    const error = name === 'AggregateError' ? new AggregateError([]) : name ? new globalThis[name]() : new Error()
    if (name === 'AggregateError') delete (error as Partial<AggregateError>).errors
    if (name === null) Object.setPrototypeOf(error, this.classFor(this.reader.text()).prototype as object)
    this.keep(id, error)
    hide(error, 'stack', this.reader.text())
    for (const key of this.readShape()) hide(error, key, this.read())
    return this.readFields(error)
  }

  private readInstance(id: number): object {
    const type = this.classFor(this.reader.text())
    const instance = this.keep(id, Object.create(type.prototype as object) as object)
    for (const key of this.readShape()) {
      // Defined, not assigned: a setter of the class must not run.
      Object.defineProperty(instance, key, { value: this.read(), writable: true, enumerable: true, configurable: true })
    }
    return instance
  }

  private readAdapted(id: number): unknown {
    const name = this.reader.text()
    const adapter = (this.classFor(name) as unknown as Record<symbol, ClassAdapter | undefined>)[codec]
    if (!adapter) throw new LabflowError('CANNOT_BIND', `Class ${name} has no [codec] adapter here, but the value was encoded with one. Run the cell that declares the class.`)
    return this.keep(id, adapter.decode(this.read()))
  }

  private readFunction(): unknown {
    const token = this.reader.text()
    const value = this.context.decodeFunction?.(token)
    if (typeof value !== 'function') throw new LabflowError('CANNOT_BIND', `Function ${token} is not known here. Run the cell that declares it.`)
    return value
  }

  private classFor(name: string): ClassValue {
    const type = this.context.classNamed?.(name)
    if (!type) throw new LabflowError('CANNOT_BIND', `Class ${name} is not known here. Run the cell that declares it first.`)
    return type
  }

  /** The tables stand behind the value; their place is in the last four bytes. */
  private readTables(header: Uint8Array): void {
    if (header.byteLength < 5) throw damaged('it ends too early')
    const place = new DataView(header.buffer, header.byteOffset + header.byteLength - 4, 4).getUint32(0, true)
    if (place > header.byteLength - 4) throw damaged('its tables lie outside it')
    const tables = new ByteReader(header.subarray(place, header.byteLength - 4))
    const wholeCount = tables.count(0)
    const sizes = Array.from({ length: tables.count() }, () => tables.varint())
    if (wholeCount > sizes.length || sizes.length !== this.buffers.length) throw damaged('the number of buffers is wrong')
    const memories = sizes.map((size, index) => this.memoryOf(this.buffers[index]!, size))
    this.wholes = memories.slice(0, wholeCount)
    this.views = Array.from({ length: tables.count(4) }, () => {
      const kind = VIEW_KINDS[tables.byte()] ?? fail('a typed array is of an unknown kind')
      const memory = memories[tables.varint()] ?? fail('it points to a buffer that is not there')
      return makeView(kind, memory, tables.varint(), tables.varint())
    })
  }

  private memoryOf(bytes: Uint8Array, size: number): ArrayBuffer {
    if (bytes.byteLength !== size) throw damaged('a buffer has the wrong size')
    const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
    if (this.context.mayAdoptBuffers && isWhole) return bytes.buffer as ArrayBuffer
    return new Uint8Array(bytes).buffer
  }
}

function makeView(kind: (typeof VIEW_KINDS)[number], memory: ArrayBuffer, start: number, size: number): unknown {
  if (start + size > memory.byteLength) throw damaged('a typed array reaches beyond its buffer')
  if (kind === 'Buffer') return Buffer.from(memory, start, size)
  if (kind === 'DataView') return new DataView(memory, start, size)
  const type = (globalThis as unknown as Record<string, Float64ArrayConstructor | undefined>)[kind]
  if (!type) throw new LabflowError('CANNOT_BIND', `A ${kind} cannot be read by Node ${process.version}. Use a newer Node or Float32Array.`)
  if (start % type.BYTES_PER_ELEMENT !== 0 || size % type.BYTES_PER_ELEMENT !== 0) throw damaged('a typed array is not aligned')
  return new type(memory, start, size / type.BYTES_PER_ELEMENT)
}

function fixed(value: object, fix: (value: object) => object): object {
  try {
    return fix(value)
  } catch {
    throw damaged('a value is fixed that cannot be')
  }
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: false, configurable: true })
}

function parseBigInt(text: string): bigint {
  if (!/^-?[0-9a-f]+$/.test(text)) throw damaged('a bigint has other characters than digits')
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`)
}

function fail(reason: string): never {
  throw damaged(reason)
}
