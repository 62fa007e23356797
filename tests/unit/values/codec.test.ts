import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codec, decodeValue, digestValue, encodeValue } from '../../../src/values/codec.ts'
import { previewValue } from '../../../src/values/preview.ts'
import type { CodecContext } from '../../../src/values/codec.ts'

class Model { layers: number[] = [1]; next: Model | null = null; scale(): number { return this.layers.length } }
class Deep extends Model { kind = 'deep' }
class Secret { #key = 1; open = 2; read(): number { return this.#key } }
class TypedMap extends Map<string, number> {}
class HttpError extends Error { status: number; constructor(message: string, status: number) { super(message); this.name = "HttpError"; this.status = status } }
class Frame {
  #rows: number[]
  constructor(rows: number[]) { this.#rows = rows }
  get rows(): number[] { return this.#rows }
  static [codec] = { encode: (frame: Frame) => frame.rows, decode: (rows: number[]) => new Frame(rows) }
}
const classes: Record<string, new (...args: never[]) => object> = { Model, Deep, Secret, TypedMap, HttpError, Frame }
const context: CodecContext = { nameOfClass: (type) => (classes[type.name] === type ? type.name : null), classNamed: (name) => classes[name], rootName: 'data' }

function travel<T>(value: T): T {
  return decodeValue(encodeValue(value, context).encoded, context) as T
}

describe('what goes in comes out', () => {
  const anything = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withSparseArray: true, withTypedArray: true, withNullPrototype: true, withBoxedValues: true, withUnicodeString: true }),
      fc.constantFrom(-0, NaN, Infinity, undefined, null, 2 ** 31, -(2 ** 31), 2 ** 53, 0.1, '\ud800', 'é😀', '', /a+/giu, new Date(NaN)),
      fc.array(tie('any')), fc.dictionary(fc.string(), tie('any')),
    ),
  })).any
  test('any plain value, built-in or mixture of them', () => {
    fc.assert(fc.property(anything, (value) => {
      const back = decodeValue(encodeValue(value).encoded)
      expect(back).toStrictEqual(value)
      expect(digestValue(back)).toBe(digestValue(value))
    }), { numRuns: 400 })
  })
  test('cycles and shared parts stay one object', () => {
    const shared = { a: 1 }
    const value: Record<string, unknown> = { first: shared, second: shared, list: [shared], map: new Map([[shared, shared]]) }
    value.self = value
    const back = travel(value)
    expect(back.self).toBe(back)
    expect(back.first).toBe(back.second)
    expect([...(back.map as Map<unknown, unknown>)][0]).toEqual([back.first, back.first])
    expect((back.list as unknown[])[0]).toBe(back.first)
  })
  test('holes, extra properties and match results', () => {
    const sparse: unknown[] = [1, , undefined, 4] // eslint-disable-line no-sparse-arrays
    sparse[1_000_000] = 'far'
    const back = travel(sparse)
    expect([1 in back, 2 in back, back.length]).toEqual([false, true, 1_000_001])
    const match = /b(?<c>.)/.exec('abc')!
    expect(travel(match)).toStrictEqual(match)
    const points = Object.assign(new Float64Array(190), { shape: [19, 10] })
    expect(travel(points).shape).toEqual([19, 10])
    expect(travel(Object.assign([...points], { label: 'x' })).label).toBe('x')
  })
  test('several views on one buffer stay on one buffer, and pooled neighbours stay out', () => {
    const memory = new ArrayBuffer(64)
    const value = { all: memory, head: new Uint8Array(memory, 3, 5), tail: new Float64Array(memory, 8, 4), data: new DataView(memory, 1) }
    const back = travel(value)
    back.tail[0] = 2.5
    expect(back.head.buffer).toBe(back.all)
    expect(new Float64Array(back.all)[1]).toBe(2.5)
    const encoded = encodeValue(value).encoded
    expect(encoded.buffers).toHaveLength(1)
    expect(encoded.buffers[0]!.buffer).toBe(memory)
    expect(digestValue(Buffer.from('abc'))).toBe(digestValue(Buffer.from('abc')))
    expect(encodeValue(Buffer.from('abc')).encoded.buffers[0]!.byteLength).toBe(3)
    expect(travel(new Uint16Array(memory).subarray(3, 5))).toStrictEqual(new Uint16Array(2))
  })
  test('errors keep message, cause, own fields, stack and members', () => {
    const error = Object.assign(new TypeError('bad', { cause: new RangeError('far') }), { code: 'E1' })
    const back = travel(error)
    expect(back).toBeInstanceOf(TypeError)
    expect([back.message, back.code, (back.cause as Error).message, back.stack, Object.keys(back)]).toEqual(['bad', 'E1', 'far', error.stack, ['code']])
    expect((travel(new AggregateError([new Error('a')], 'all')).errors as Error[])[0]!.message).toBe('a')
    const own = travel(new HttpError('gone', 410))
    expect([own instanceof HttpError, own.status, own.name, own.message]).toEqual([true, 410, 'HttpError', 'gone'])
  })
  test('instances of notebook classes come back as instances, also linked ones', () => {
    const model = new Deep()
    model.next = model
    const back = travel([model, new Model()])
    expect(back[0]).toBeInstanceOf(Deep)
    expect(back[0]!.next).toBe(back[0])
    expect(back[1]!.scale()).toBe(1)
    expect(travel(new Frame([1, 2])).rows).toEqual([1, 2])
  })
  test('a key named __proto__ is data', () => {
    const value = JSON.parse('{"__proto__": {"a": 1}}') as object
    expect(Object.hasOwn(travel(value), '__proto__')).toBe(true)
  })
})

describe('digests tell different values apart', () => {
  test.each<[string, unknown, unknown]>([
    ['key order', { a: 1, b: 2 }, { b: 2, a: 1 }], ['undefined against missing', { a: undefined }, {}], ['a hole against undefined', [,], [undefined]], // eslint-disable-line no-sparse-arrays
    ['-0 against 0', -0, 0], ['NaN against null', NaN, null], ['order of a Set', new Set([1, 2]), new Set([2, 1])], ['order of a Map', new Map([[1, 1], [2, 2]]), new Map([[2, 2], [1, 1]])],
    ['a number against text', 1, '1'], ['float against double', new Float32Array([1]), new Float64Array([1])], ['array against view', [1, 2, 3, 4], new Float64Array([1, 2, 3, 4])],
    ['nesting', [[1], 2], [[1, 2]]], ['keys with odd letters', { 'a\u0000': 1, b: 1 }, { a: 1, '\u0000b': 1 }], ['class', new Model(), { layers: [1], next: null }],
  ])('%s', (_name, a, b) => {
    expect(digestValue(a, context)).not.toBe(digestValue(b, context))
  })
  test('the same numbers made in another order of steps are the same', () => {
    const filled: number[] = []
    for (let i = 9; i >= 0; i--) filled[i] = i
    expect(digestValue(filled)).toBe(digestValue([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
  })
})

describe('what cannot travel is refused by path and class', () => {
  test.each<[string, unknown, RegExp]>([
    ['a private field', { points: [0, 1, 2, { model: new Secret() }] }, /^data\.points\[3\]\.model cannot travel .*class Secret .*#key/],
    ['a subclass of Map', { m: new TypedMap() }, /data\.m .*TypedMap.*Map/], ['a promise', [Promise.resolve()], /data\[0\] .*Await it first/],
    ['a WeakMap', new WeakMap(), /WeakMap/], ['a proxy', { p: new Proxy({}, {}) }, /data\.p .*Proxy/], ['a symbol', { s: Symbol('x') }, /data\.s .*symbol/],
    ['a symbol key', { [Symbol('x')]: 1 }, /symbol/], ['a function', { f: function go() {} }, /data\.f .*function \(go\)/], ['a class', { c: class A {} }, /data\.c .*class/],
    ['shared memory', new Float64Array(new SharedArrayBuffer(8)), /shared memory/], ['a getter', { get x() { return 1 } }, /data\.x .*getter/],
    ['a stream', { r: new ReadableStream() }, /stream/], ['an unknown class', new Map([['k', new (class Odd {})()]]), /data\.get\("k"\) .*instance of Odd/],
    ['an odd key', { 'a b': Symbol.iterator }, /data\["a b"\]/], ['a generator', (function* () {})(), /iterator/],
  ])('%s', (_name, value, message) => {
    expect(() => encodeValue(value, context)).toThrowError(message)
    expect(() => encodeValue(value, context)).toThrowError(expect.objectContaining({ code: 'CANNOT_ENCODE' }))
  })
  test('a list linked too deep is refused before the stack ends', () => {
    let list: unknown = null
    for (let i = 0; i < 100_000; i++) list = { list }
    expect(() => encodeValue(list)).toThrowError(/levels deep/)
  })
})

test('properties that are not enumerable come back so', () => {
  const source = Object.defineProperty({ a: 1 }, 'unit', { value: ['mm'], enumerable: false })
  const back = travel({ one: source, two: Object.freeze(source), list: [Object.defineProperty(Object.create(null) as object, 'k', { value: 2 })] })
  expect(Object.getOwnPropertyDescriptor(back.one, 'unit')).toMatchObject({ value: ['mm'], enumerable: false })
  expect([back.one === back.two, (back.list[0] as { k: number }).k, Object.keys(back.one)]).toEqual([true, 2, ['a']])
  expect(digestValue(source)).not.toBe(digestValue({ a: 1 }))
})

describe('frozen and sealed objects', () => {
  test('come back frozen and sealed, with their parts and cycles', () => {
    const loop: Record<string, unknown> = { list: Object.freeze([1, 2, 3, 4]), inner: { a: 1 } }
    loop.self = loop
    const back = travel({ loop: Object.freeze(loop), sealed: Object.seal({ a: 1 }), closed: Object.preventExtensions({ a: 1 }), set: Object.freeze(new Set([1])), none: Object.freeze(new Uint8Array(0)), closedView: Object.preventExtensions(new Uint8Array([7])) })
    expect([back.loop, back.loop.list, back.loop.inner, back.set, back.none].map((each) => Object.isFrozen(each))).toEqual([true, true, false, true, true])
    expect(back.loop.self).toBe(back.loop)
    expect([Object.isSealed(back.sealed), Object.isFrozen(back.sealed), Object.isExtensible(back.closed), Object.isSealed(back.closed), Object.isExtensible(back.closedView), back.closedView[0]]).toEqual([true, false, false, false, false, 7])
    expect(digestValue(Object.freeze({ a: 1 }))).not.toBe(digestValue({ a: 1 }))
  })
})

describe('damaged bytes', () => {
  test('never give a value of another shape silently beyond the damaged part, never crash', () => {
    const { header, buffers } = encodeValue({ a: [1, 'two', new Float64Array(3)], m: new Map([[1, new Date()]]) }).encoded
    fc.assert(fc.property(fc.nat(header.length - 1), fc.integer({ min: 1, max: 255 }), (index, change) => {
      const bad = Uint8Array.from(header)
      bad[index]! ^= change
      try {
        decodeValue({ header: bad, buffers })
      } catch (error) {
        expect(['BAD_MESSAGE', 'CANNOT_BIND']).toContain((error as { code: string }).code)
      }
    }), { numRuns: 500 })
    for (let end = 0; end < header.length; end++) expect(() => decodeValue({ header: header.slice(0, end), buffers })).toThrowError(/cannot be read/)
  })
})

test('previews are short JSON and name shapes', () => {
  expect(previewValue({ neighbors: 15, name: 'x' })).toEqual({ neighbors: 15, name: 'x' })
  expect(previewValue(new Float64Array(1000))).toBe('Float64Array(1000) [0, 0, 0, …]')
  expect(previewValue(Array.from({ length: 100 }, () => [1, 2]))).toBe('Array(100 × 2)')
  fc.assert(fc.property(fc.anything({ withMap: true, withBigInt: true, withTypedArray: true }), (value) => {
    expect(JSON.stringify(previewValue(value)).length).toBeLessThanOrEqual(220)
  }))
})
