import { describe, expect, test } from 'vitest'
import { captureFunction } from '../../../src/capture/capture-function.ts'
import { TestNotebook, runBundle } from './notebook.ts'

describe('a captured cell runs elsewhere', () => {
  test('with helpers three definitions away, classes in an order that works, values and the last expression', async () => {
    const notebook = new TestNotebook().cells([
      'class Leaf extends Base { static made = build() }\nconst build = () => new Base(size)',
      'class Base { constructor(n = 1) { this.n = n } grow(): Base { return new Leaf() } }',
      'function scale(x: number) { return x * factor() }\nconst factor = () => twice(1)\nfunction twice(x) { return 2 * x }',
      'enum Mode { Fast = 7 }',
    ], { size: 5, data: new Float64Array([1, 2, 3]) })
    const capture = await notebook.capture('const total = data.reduce((a, b) => a + b) // sum\nlet kind = Mode.Fast\n;[scale(total), Leaf.made.n, new Leaf().grow() instanceof Base]')
    expect(await runBundle(capture)).toEqual({ value: [12, 5, true], outputs: { total: 6, kind: 7 } })
    expect(capture.outputs).toEqual(['total', 'kind'])
    expect(Object.keys(capture.inputDigests).sort()).toEqual(['data', 'size'])
    expect(capture.parameters.data).toBe('Float64Array(3) [1, 2, 3]')
  })
  test('with imports of the cell and of its helpers', async () => {
    const notebook = new TestNotebook().cells(["import { basename as base } from 'node:path'\nconst short = (p: string) => base(p)"])
    expect((await notebook.capture("import './setup.ts'\n1")).code.entry).toMatchObject({ source: expect.stringContaining('await import("./setup.ts");') })
    const capture = await notebook.capture("import * as path from 'node:path'\nexport const joined = path.join('a', 'b')\nexport default short(joined)")
    expect(await runBundle(capture)).toEqual({ value: 'b', outputs: { joined: 'a/b' } })
  })
  test('with labels, directives, blocks and object literals at the end', async () => {
    const notebook = new TestNotebook()
    expect((await runBundle(await notebook.capture('"use strict"\nouter: for (;;) break outer'))).value).toBeUndefined()
    expect((await runBundle(await notebook.capture('({ a: 1 });'))).value).toEqual({ a: 1 })
    expect((await runBundle(await notebook.capture('const s = `a;`; s + ";"'))).value).toBe('a;;')
    expect((await runBundle(await notebook.capture('await Promise.resolve(3) // done'))).value).toBe(3)
    expect((await runBundle(await notebook.capture('"only text"'))).value).toBe('only text')
  })
  test('with parameters put in place of their literals', async () => {
    const notebook = new TestNotebook()
    const source = "const n = 15, mode = 'fast'\nlet list = [1]\n;({ n, mode, list })"
    const capture = await notebook.capture(source, { kind: 'flow', parameterValues: { n: -2.5, list: ['a', null] } })
    expect((await runBundle(capture)).value).toEqual({ n: -2.5, mode: 'fast', list: ['a', null] })
    expect(capture.parameters).toEqual({ n: -2.5, mode: 'fast', list: ['a', null] })
    await expect(notebook.capture(source, { parameterValues: { m: 1 } })).rejects.toThrow('no parameter m. It has n, mode, list.')
  })
  test('with helpers that read what this cell declares, as they would in the notebook', async () => {
    const notebook = new TestNotebook().cells(['const embed = () => neighbors * scale() + new Shape().n + (typeof missing === "number" ? 1 : 0)\nfunction scale() { return 1 }\nclass Shape { n = 1 }'], { neighbors: 3 })
    const source = 'const first = embed()\nexport const neighbors = 15, { a } = { a: 4 }\nlet missing\nfunction scale() {\n  return 2\n}\nclass Shape { n = 100 }\n[first, embed(), a, new Error().stack]'
    const capture = await notebook.capture(source, { parameterValues: { neighbors: 20 } })
    const { value, outputs } = await runBundle(capture)
    expect((value as unknown[]).slice(0, 3)).toEqual([7, 140, 4])
    expect(outputs).toMatchObject({ neighbors: 20, a: 4, missing: undefined })
    expect(Object.keys(capture.inputDigests)).toEqual(['neighbors'])
    expect((await notebook.capture('const neighbors = 15\nembed()').catch((error: unknown) => error))).toMatchObject({ inputDigests: {} })
    const { source: body, typed: { lines: typedLines } } = capture.code.entry as { source: string; typed: { lines: number[] } }
    const at = body.split('\n').findIndex((line) => line.includes('new Error'))
    expect([typedLines[at], typedLines[0]]).toEqual([8, 4])
  })
  test('with a task of the notebook and with instances of its classes', async () => {
    const classes: Record<string, new () => object> = { Model: class Model { w = 3 } }
    const codec = { nameOfClass: (type: { name: string }) => (type === classes.Model ? 'Model' : null), classNamed: (name: string) => classes[name] }
    const notebook = new TestNotebook().cells(['class Model { w = 3 }', 'const inner = task({ name: "inner" }, async () => helper())\nfunction helper() { return 1 }\nfunction task(o, f) { return f }'], { model: new classes.Model!() })
    const capture = await notebook.capture('await inner() + model.w', { codec })
    expect(capture.code.definitions.map((definition) => definition.name).sort()).toEqual(['Model', 'helper', 'inner', 'task'])
    expect((await runBundle(capture, codec)).value).toBe(4)
  })
  test('a built-in function that a name holds is written as what it is', async () => {
    const capture = await new TestNotebook().cells([], { sqrt: Math.sqrt }).capture('sqrt(9)')
    expect((await runBundle(capture)).value).toBe(3)
  })
})

describe('what a cell hands back', () => {
  test('declared names, notebook variables it assigns, and --out', async () => {
    const notebook = new TestNotebook().cells([], { total: 1, last: 2, arr: [1] })
    const capture = await notebook.capture('const a = 1\nfunction f() { total += 1 }\nf(); last = 9; arr.push(2)', { extraOutputs: ['arr'] })
    expect(capture.outputs).toEqual(['a', 'f', 'total', 'last', 'arr'])
    expect((await runBundle(capture)).outputs).toMatchObject({ a: 1, total: 2, last: 9, arr: [1, 2] })
    expect(capture.code.entry).toMatchObject({ functionOutputs: ['f'] })
  })
  test('an old value that is only overwritten is no input, one that may stay is', async () => {
    const notebook = new TestNotebook().cells([], { x: 1, flag: false })
    expect((await notebook.capture('x = 5')).inputDigests).toEqual({})
    expect(await notebook.key('x = 5')).toBe(await new TestNotebook().cells([], { x: 2 }).key('x = 5'))
    expect((await runBundle(await notebook.capture('x = 5'))).outputs).toEqual({ x: 5 })
    expect((await runBundle(await notebook.capture('if (flag) x = 5'))).outputs).toEqual({ x: 1 })
    expect((await runBundle(await notebook.capture('x = x + 1'))).outputs).toEqual({ x: 2 })
  })
})

describe('what is refused before anything runs', () => {
  const notebook = new TestNotebook().cells(['class K {}', 'function uses() { return lost }'], { arr: [1], made: ((k: number) => () => k)(1), o: { p: Promise.resolve() } }).markPending('emb', 'r7')
  test.each([
    ['const a = 1\narr.push(a)', 'MUTATES_INPUT', /`arr` is changed here \(line 2: arr\.push\(a\)\), but a task works on a copy: assign a new value \(arr = …\) or add --out arr/],
    ['K.count = 1', 'MUTATES_INPUT', /`K` is changed/], ['emb.length', 'CANNOT_CAPTURE', /`emb` is still being made by run r7/],
    ['made()', 'CANNOT_CAPTURE', /`made` is a function that a call made/], ['foo + 1', 'CANNOT_CAPTURE', /`foo` is not defined in the notebook/],
    ['uses()', 'CANNOT_CAPTURE', /`lost` is not defined in the notebook, used in function uses/], ['o.p', 'CANNOT_ENCODE', /^o\.p cannot travel/],
    ['fresh = 1', 'CANNOT_CAPTURE', /`fresh` is assigned here, but/],
  ])('%s', async (source, code, message) => {
    await expect(notebook.capture(source)).rejects.toThrow(message)
    await expect(notebook.capture(source)).rejects.toMatchObject({ code })
  })
  test('not: globals, names guarded by typeof, own copies, names put on globalThis', async () => {
    Object.defineProperty(globalThis, 'labflowTestValue', { value: 4, configurable: true })
    const source = "typeof window === 'undefined' ? console.log(Math.PI, structuredClone, process.pid) : 0\nconst mine = [...arr]; mine.push(1)\nprocess.env.X = 'a'; globalThis.y = 1; display(labflowTestValue)"
    await expect(notebook.capture(source)).resolves.toMatchObject({ outputs: ['mine'] })
    Reflect.deleteProperty(globalThis, 'labflowTestValue')
  })
  test('an unknown --out name', async () => {
    await expect(notebook.capture('1', { extraOutputs: ['nix'] })).rejects.toMatchObject({ code: 'NO_SUCH_NAME' })
  })
})

describe('a captured function', () => {
  const notebook = new TestNotebook().cells(['function helper(x: number) { return x + base }'], { base: 10 })
  test('travels with what it uses, its arguments by name', async () => {
    const helper = (x: number): number => x
    const capture = await captureFunction({ target: async (points: number[], { dims = 2 }: { dims?: number }) => helper(points.length) + dims, args: [[1, 2], { dims: 3 }], scope: notebook, filename: '/nowhere/cell.ts' })
    expect((await runBundle(capture)).value).toBe(15)
    expect(Object.keys(capture.inputDigests)).toEqual(['points', 'options', 'base'])
    expect(capture.parameters).toEqual({ points: [1, 2], dims: 3, base: 10 })
  })
  test('made inside another function is refused by the variable it closes over, also when the notebook has one of that name', async () => {
    const made = new TestNotebook().cells(['function make(k) { return (x) => x * k + base }'], { k: 5, base: 1 })
    await expect(captureFunction({ source: '(x) => x * k + base', args: [2], scope: made, filename: 'f' })).rejects.toThrow(/`k` is a variable of the function that made this one/)
  })
  test('methods travel, built-in and bound functions are refused', async () => {
    const holder = { async twice(x: number) { return 2 * x } }
    expect((await runBundle(await captureFunction({ target: holder.twice, args: [4], scope: notebook, filename: 'f' }))).value).toBe(8)
    await expect(captureFunction({ target: parseInt, args: [], scope: notebook, filename: 'f' })).rejects.toThrow(/parseInt is built in/)
    await expect(captureFunction({ target: (() => 1).bind(null), args: [], scope: notebook, filename: 'f' })).rejects.toMatchObject({ code: 'CANNOT_CAPTURE' })
  })
})
