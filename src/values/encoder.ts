/**
 * Owns the one walk over a value that checks, orders and writes it. What cannot come back as it was is refused with its path:
 * nothing is flattened, dropped or read through a getter.
 */
import { types } from 'node:util'
import { BufferLifter, viewKind } from './buffer-lifter.ts'
import { ByteWriter } from './byte-writer.ts'
import { adapterOf, ruleOfClass } from './class-rules.ts'
import { hiddenKeys, isAccessor, keysBesideIndices, ownEnumerableKeys } from './own-keys.ts'
import { builtInReason, classNameOf, refusal } from './refusal.ts'
import { ERROR_KINDS, FIXINGS, FORMAT_VERSION, TAG } from './tags.ts'
import { pathText } from './value-path.ts'
import type { ClassAdapter, ClassValue, CodecContext } from './context.ts'
import type { EncodedValue } from '../model/run.ts'
import type { PathPart } from './value-path.ts'

/** Deeper than this a value is refused, before the stack of a worker ends. */
const MAX_DEPTH = 1_000
/** Arrays of numbers from this length on are written as one block. */
const BLOCK_LENGTH = 4

export class Encoder {
  private readonly writer = new ByteWriter()
  private readonly lifter = new BufferLifter()
  private readonly seen = new Map<object, number>()
  private readonly shapes = new Map<string, number>()
  private lastKeys: readonly string[] = []
  private lastShape = -1
  private readonly path: PathPart[] = []
  private readonly context: CodecContext

  constructor(context: CodecContext) {
    this.context = context
  }

  /** @throws LabflowError CANNOT_ENCODE with path and class. */
  encode(value: unknown): EncodedValue {
    this.writer.byte(FORMAT_VERSION)
    this.write(value)
    const tables = this.writer.size
    const buffers = this.lifter.finish(this.writer)
    this.writer.uint32(tables)
    return { header: this.writer.finish(), buffers }
  }

  private write(value: unknown): void {
    switch (typeof value) {
      case 'number': return this.writer.number(value)
      case 'string': return this.writer.text(value)
      case 'boolean': return this.writer.byte(value ? TAG.true : TAG.false)
      case 'undefined': return this.writer.byte(TAG.undefined)
      case 'bigint':
        this.writer.byte(TAG.bigint)
        return this.writer.text(value.toString(16))
      case 'symbol': throw this.refused('Symbol', `it is a symbol (${String(value)}), which means something in its own process only. Use a string.`)
      case 'function': return this.writeFunction(value as (...args: never[]) => unknown)
      default: return value === null ? this.writer.byte(TAG.null) : this.writeObject(value as object)
    }
  }

  private writeIn(part: PathPart, value: unknown): void {
    if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return this.write(value)
    this.path.push(part)
    this.write(value)
    this.path.pop()
  }

  private writeObject(value: object): void {
    const known = this.seen.get(value)
    if (known !== undefined) {
      this.writer.byte(TAG.reference)
      return this.writer.varint(known)
    }
    if (this.path.length > MAX_DEPTH) throw this.refused(classNameOf(value), `it lies more than ${MAX_DEPTH} levels deep. Use a flat list with indices.`)
    this.seen.set(value, this.seen.size)
    if (types.isProxy(value)) throw this.refusedObject(value)
    if (!Object.isExtensible(value)) this.writeFixing(value)
    const proto: unknown = Object.getPrototypeOf(value)
    if (proto === Object.prototype && !types.isArgumentsObject(value) && !types.isModuleNamespaceObject(value)) {
      return this.writeWithHidden(value, () => (this.writer.byte(TAG.object), this.writeFields(value)))
    }
    if (proto === null && !types.isModuleNamespaceObject(value)) {
      return this.writeWithHidden(value, () => (this.writer.byte(TAG.nullObject), this.writeFields(value)))
    }
    if (Array.isArray(value) && proto === Array.prototype) return this.writeArray(value)
    if (ArrayBuffer.isView(value) && viewKind(value) >= 0) return this.writeView(value)
    return this.writeSpecial(value, proto)
  }

  /** A frozen or sealed object comes back so: code that tests it, or writes to it, behaves alike. */
  private writeFixing(value: object): void {
    // V8 calls a typed array sealed that takes no new properties, and refuses to seal one.
    const isSealed = Object.isSealed(value) && !ArrayBuffer.isView(value)
    const fixing = Object.isFrozen(value) ? Object.freeze : isSealed ? Object.seal : Object.preventExtensions
    this.writer.byte(TAG.fixed)
    this.writer.byte(FIXINGS.indexOf(fixing))
  }

  private writeSpecial(value: object, proto: unknown): void {
    if (proto === Map.prototype && types.isMap(value)) return this.writeWithExtras(value, () => this.writeMap(value))
    if (proto === Set.prototype && types.isSet(value)) return this.writeWithExtras(value, () => this.writeSet(value))
    if (proto === Date.prototype && types.isDate(value)) return this.writeWithExtras(value, () => (this.writer.byte(TAG.date), this.writer.float(value.getTime())))
    if (proto === RegExp.prototype && types.isRegExp(value)) return this.writeWithExtras(value, () => this.writeRegExp(value))
    if (types.isBoxedPrimitive(value)) return this.writeWithExtras(value, () => this.writeBoxed(value))
    if (proto === ArrayBuffer.prototype) return this.writeWithExtras(value, () => this.writeBuffer(value as ArrayBuffer))
    if (types.isNativeError(value) && !adapterOf(proto)) return this.writeError(value, proto)
    if (types.isSharedArrayBuffer(value)) throw this.refusedShared()
    if (proto === URL.prototype) return this.writeWithExtras(value, () => (this.writer.byte(TAG.url), this.writer.text((value as URL).href)))
    this.writeInstance(value, proto)
  }

  /** Properties that are not enumerable, behind the others. */
  private writeWithHidden(value: object, body: () => void): void {
    const hidden = hiddenKeys(value)
    if (hidden.length > 0) this.writer.byte(TAG.withHidden)
    body()
    if (hidden.length > 0) this.writeFields(value, hidden)
  }

  /** Own enumerable properties in their order; a shape (list of keys) is written once. */
  private writeFields(value: object, keys: readonly (string | symbol)[] = ownEnumerableKeys(value)): void {
    const names = keys as readonly string[]
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      if (typeof key === 'symbol') throw this.refused('Symbol', `it has a property named by a symbol (${String(key)}). Use a string key.`)
    }
    this.writeShape(names)
    for (let i = 0; i < names.length; i++) {
      const key = names[i]!
      if (isAccessor(value, key)) throw this.refusedAt(key, 'getter', 'it is a getter, not data. Read it into a field first.')
      this.writeIn(key, (value as Record<string, unknown>)[key])
    }
  }

  private writeShape(names: readonly string[]): void {
    if (this.lastShape >= 0 && sameKeys(names, this.lastKeys)) return this.writer.varint(this.lastShape + 1)
    const text = names.length === 1 ? `1\u0000${names[0]}` : `${names.length}\u0000${names.map((name) => `${name.length}:${name}`).join('')}`
    const known = this.shapes.get(text)
    this.lastKeys = names
    this.lastShape = known ?? this.shapes.size
    if (known !== undefined) return this.writer.varint(known + 1)
    this.shapes.set(text, this.lastShape)
    this.writer.varint(0)
    this.writer.varint(names.length)
    for (const name of names) this.writer.text(name)
  }

  private writeArray(value: readonly unknown[]): void {
    const extras = keysBesideIndices(value)
    if (extras.length > 0) this.writer.byte(TAG.withExtras)
    let hasHole = false
    let areNumbers = value.length >= BLOCK_LENGTH
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      if (typeof item === 'number') continue
      areNumbers = false
      if (item === undefined && !(i in value)) {
        hasHole = true
        break
      }
    }
    if (hasHole) this.writeSparse(value)
    else if (areNumbers) this.writeNumbers(value as readonly number[])
    else this.writeDense(value)
    if (extras.length > 0) this.writeFields(value, extras)
  }

  private writeDense(value: readonly unknown[]): void {
    this.writer.byte(TAG.array)
    this.writer.varint(value.length)
    for (let i = 0; i < value.length; i++) this.writeIn(i, value[i])
  }

  private writeNumbers(value: readonly number[]): void {
    this.writer.byte(TAG.numbers)
    this.writer.varint(value.length)
    this.writer.floats(value)
  }

  private writeSparse(value: readonly unknown[]): void {
    const indices = Object.keys(value).filter((key) => /^(0|[1-9]\d*)$/.test(key)).map(Number)
    this.writer.byte(TAG.sparseArray)
    this.writer.varint(value.length)
    this.writer.varint(indices.length)
    for (const index of indices) {
      this.writer.varint(index)
      this.writeIn(index, value[index])
    }
  }

  private writeView(view: ArrayBufferView): void {
    const kind = viewKind(view)
    if (types.isSharedArrayBuffer(view.buffer)) throw this.refusedShared()
    this.checkBuffer(view.buffer)
    const extras = keysBesideIndices(view)
    if (extras.length > 0) this.writer.byte(TAG.withExtras)
    this.writer.byte(TAG.view)
    this.writer.varint(this.lifter.addView(view, kind))
    if (extras.length > 0) this.writeFields(view, extras)
  }

  private writeBuffer(buffer: ArrayBuffer): void {
    this.checkBuffer(buffer)
    this.writer.byte(TAG.arrayBuffer)
    this.writer.varint(this.lifter.addBuffer(buffer))
  }

  private checkBuffer(buffer: ArrayBuffer): void {
    if (buffer.resizable) throw this.refused('ArrayBuffer', 'its buffer is resizable. Copy it, as in array.slice().')
    if ((buffer as ArrayBuffer & { detached?: boolean }).detached) throw this.refused('ArrayBuffer', 'its buffer was transferred away and is empty now.')
  }

  private writeMap(map: Map<unknown, unknown>): void {
    this.writer.byte(TAG.map)
    this.writer.varint(map.size)
    for (const [key, item] of map) {
      this.writeIn('<key>', key)
      this.writeIn(typeof key === 'string' || typeof key === 'number' ? `get(${JSON.stringify(key)})` : 'get(…)', item)
    }
  }

  private writeSet(set: Set<unknown>): void {
    this.writer.byte(TAG.set)
    this.writer.varint(set.size)
    for (const item of set) this.writeIn('<member>', item)
  }

  private writeRegExp(value: RegExp): void {
    this.writer.byte(TAG.regexp)
    this.writer.text(value.source)
    this.writer.text(value.flags)
    this.writer.number(value.lastIndex)
  }

  private writeBoxed(value: object): void {
    if (types.isSymbolObject(value)) throw this.refusedObject(value)
    this.writer.byte(TAG.boxed)
    this.write((value as { valueOf(): unknown }).valueOf())
  }

  /** Properties that hang on a built-in beside its contents, such as `match.index`. */
  private writeWithExtras(value: object, body: () => void): void {
    const keys = ownEnumerableKeys(value)
    const extras = types.isStringObject(value) ? keys.slice(value.length) : keys
    if (extras.length > 0) this.writer.byte(TAG.withExtras)
    body()
    if (extras.length > 0) this.writeFields(value, extras)
  }

  private writeError(error: Error, proto: unknown): void {
    const kind = ERROR_KINDS.findIndex((name) => (globalThis[name] as { prototype: object }).prototype === proto)
    this.writer.byte(TAG.error)
    if (kind >= 0) this.writer.varint(kind + 1)
    else {
      this.writer.varint(0)
      this.writer.text(this.classNameFor(error, proto).name)
    }
    // `stack` may be an accessor of V8, and message and cause are not enumerable: written by name.
    this.writer.text(typeof error.stack === 'string' ? error.stack : '')
    const hidden = ['message', 'cause', 'errors', 'name'].filter((key) => Object.hasOwn(error, key) && !Object.prototype.propertyIsEnumerable.call(error, key))
    this.writeFields(error, hidden)
    this.writeFields(error, ownEnumerableKeys(error).filter((key) => key !== 'stack'))
  }

  private writeInstance(value: object, proto: unknown): void {
    const { name, adapter } = this.classNameFor(value, proto)
    if (!adapter) {
      return this.writeWithHidden(value, () => (this.writer.byte(TAG.instance), this.writer.text(name), this.writeFields(value)))
    }
    this.writer.byte(TAG.adapted)
    this.writer.text(name)
    this.write(adapter.encode(value))
  }

  private classNameFor(value: object, proto: unknown): { name: string; adapter: ClassAdapter | null } {
    const type = Object.getOwnPropertyDescriptor(proto as object, 'constructor')?.value as ClassValue | undefined
    const builtIn = builtInReason(value)
    if (typeof type !== 'function') throw this.refusedObject(value)
    const adapter = adapterOf(proto)
    const name = this.context.nameOfClass?.(type) ?? null
    if (name === null || (builtIn && !adapter)) throw this.refusedObject(value)
    const rule = ruleOfClass(type)
    if (!adapter && rule.kind === 'refused') throw this.refused(type.name, `class ${type.name} does not travel by its fields, because ${rule.reason}. ${ADAPTER_HINT}`)
    if (!adapter && rule.kind === 'fields' && rule.isError !== types.isNativeError(value)) throw this.refusedObject(value)
    return { name, adapter }
  }

  private writeFunction(value: (...args: never[]) => unknown): void {
    const token = this.context.encodeFunction?.(value) ?? null
    if (token === null) {
      const isClass = /^class\b/.test(Function.prototype.toString.call(value))
      const what = isClass ? 'class' : 'function'
      throw this.refused(isClass ? 'class' : 'Function', `it is a ${what}${value.name ? ` (${value.name})` : ''} inside data. Declare the ${what} at the top level of a cell and use it by its name.`)
    }
    this.writer.byte(TAG.function)
    this.writer.text(token)
  }

  private refusedShared(): Error {
    return this.refused('SharedArrayBuffer', 'it is shared memory, and a worker is another process that cannot share it. Copy it, as in new Float64Array(shared).')
  }

  private refusedObject(value: object): Error {
    const builtIn = builtInReason(value)
    if (builtIn) return this.refused(builtIn.className, builtIn.reason)
    const name = classNameOf(value)
    return this.refused(name, `it is an instance of ${name}, which Labflow cannot rebuild elsewhere. Pass plain data, or create it inside the task. ${ADAPTER_HINT}`)
  }

  private refusedAt(part: PathPart, className: string, reason: string): Error {
    this.path.push(part)
    return this.refused(className, reason)
  }

  private refused(className: string, reason: string): Error {
    return refusal(pathText(this.context.rootName ?? 'value', this.path), className, reason)
  }
}

const ADAPTER_HINT = 'A class of your own may say how: static [codec] = { encode, decode }, with codec from labflow.'

function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
