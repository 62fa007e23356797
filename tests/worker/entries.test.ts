/** A run's code works in a worker as in the notebook, and what it declared comes back. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { entryPath } from '../../src/entry.ts'
import { cell, WorkerFixture } from './worker-fixture.ts'

let worker: WorkerFixture
beforeEach(() => {
  worker = new WorkerFixture()
})
afterEach(() => worker.close())

describe('a cell', () => {
  test('hands back its last expression and its outputs, assigned notebook variables too', async () => {
    const source = 'const emb = data.map(scale)\ntotal = total + emb.length\nlet { a, b } = { a: 1, b: [2] }\n$value = emb.length'
    const { final, result } = await worker.run({
      code: cell(source, ['emb', 'total', 'a', 'b'], { definitions: [{ name: 'scale', kind: 'const-function', source: 'scale = (x) => x * factor;' }] }),
      captured: { data: new Float64Array([1, 2, 3]), factor: 10, total: 5 },
    })
    expect(final).toMatchObject({ type: 'completed', outputNames: ['emb', 'total', 'a', 'b'], mutatedInputs: [], isReusable: true })
    expect(result).toEqual({ value: 3, outputs: { emb: new Float64Array([10, 20, 30]), total: 8, a: 1, b: [2] }, functionSources: {} })
  })

  test('awaits at top level, imports packages, JSON and local TypeScript', async () => {
    worker.write('lib.ts', 'export enum Mode { Fast = 3 }\nexport default function twice(x: number): number { return 2 * x }')
    worker.write('rows.json', '[4, 5]')
    const imports = [
      { local: 'twice', imported: 'default', specifier: './lib' }, { local: 'Mode', imported: 'Mode', specifier: './lib' },
      { local: 'path', imported: '*', specifier: 'node:path' }, { local: 'rows', imported: 'default', specifier: './rows.json' },
    ]
    const { result } = await worker.run({ code: cell(`await null\n$value = [twice(Mode.Fast), path.basename('/a/b'), rows, (await import('./lib.ts')).Mode.Fast]`, [], { imports }, worker.folder) })
    expect(result?.value).toEqual([6, 'b', [4, 5], 3])
  })

  test('functions and classes come back as source', async () => {
    const { result } = await worker.run({ code: cell('const k = 3\nfunction f(x) { return x * k }\nclass C { n = 1 }\nconst g = async (x) => f(x)', ['k', 'f', 'C', 'g']) })
    expect(result?.functionSources).toEqual({ f: 'f = function f(x) { return x * k };', C: 'C = class C { n = 1 };', g: 'g = async (x) => f(x);' })
    expect(result?.outputs).toEqual({ k: 3 })
  })

  test('a closure over run-local state fails by the name of the variable', async () => {
    const { final } = await worker.run({ code: cell('const make = (offset) => (x) => x + offset\nconst shift = make(3)', ['make', 'shift']) })
    expect(final).toMatchObject({ type: 'failed', error: { code: 'CANNOT_BIND', message: expect.stringMatching(/"shift".*closes over "offset"/) } })
  })

  test('an output that cannot travel fails by path and class; a last expression is only shown', async () => {
    const bad = await worker.run({ code: cell('const found = { deep: [new WeakMap()] }', ['found']) })
    expect(bad.final).toMatchObject({ type: 'failed', error: { code: 'CANNOT_ENCODE', message: expect.stringMatching(/found\.deep\[0\].*WeakMap/) } })
    const shown = await worker.run({ code: cell('const ok = 1\n$value = new WeakMap()', ['ok']) })
    expect(shown.final.type).toBe('completed')
    expect(shown.text).toContain('WeakMap')
  })

  test('changing a captured value in place is reported', async () => {
    const { final } = await worker.run({ code: cell('list.push(4)\nother.length', []), captured: { list: [1], other: [2] } })
    expect(final).toMatchObject({ type: 'completed', mutatedInputs: ['list'] })
  })
})

describe('a function', () => {
  test('is called with its arguments and finds what travelled with it', async () => {
    const { result } = await worker.run({
      code: {
        definitions: [{ name: 'Point', kind: 'class', source: 'class Point { constructor(x) { this.x = x } double() { return 2 * this.x } }' }, { name: 'half', kind: 'function', source: 'function half(x) { return x / 2 }' }],
        entry: { kind: 'function', source: 'async (p, n) => [p instanceof Point, p.double(), half(n) + bias]', filename: '/tmp/cell-2.ts' },
      },
      args: [Object.assign(Object.create(TestPoint.prototype), { x: 4 }), 10],
      captured: { bias: 100 },
      codec: { nameOfClass: () => 'Point', classNamed: () => TestPoint },
    })
    expect(result?.value).toEqual([true, 8, 105])
  })

  test('is refused in words when its result cannot travel', async () => {
    const { final } = await worker.run({ code: { entry: { kind: 'function', source: '() => ({ f() {} })', filename: '/tmp/cell-2.ts' } } })
    expect(final).toMatchObject({ type: 'failed', error: { code: 'CANNOT_ENCODE' } })
  })
})

class TestPoint {
  x = 0
}

describe('a file', () => {
  test('gives its task by name, edited or not, without running its own calls', async () => {
    const text = (factor: number): string => `import { task, flow } from 'labflow'
      export const scale = task({ name: 'scale it' }, async (x: number) => x * ${factor})
      export const all = flow('all', async () => 'flow')
      console.log(await all())
      console.log('never reached')`
    const path = worker.write('tasks.ts', text(2))
    const code = { entry: { kind: 'module' as const, path, taskName: 'scale it', runKind: 'task' as const } }
    const first = await worker.run({ code, args: [21] })
    expect([first.result?.value, first.text]).toEqual([42, ''])
    worker.write('tasks.ts', text(3))
    expect((await worker.run({ code, args: [21] })).result?.value).toBe(63)
  })

  test('cannot put itself in place of the worker while it is being loaded', async () => {
    const path = worker.write('own.ts', `import { task } from 'labflow'
      import { setApiEnvironment } from ${JSON.stringify(entryPath('src/api/port'))}
      const half = task('half', async (x: number) => x / 2)
      setApiEnvironment({ transport: () => { throw new Error('asked') }, scope: null, environment: () => ({}) as never, notebook: null, parentRunId: () => null })
      await half(2)`)
    const { result } = await worker.run({ code: { entry: { kind: 'module', path, taskName: 'half', runKind: 'task' } }, args: [8] })
    expect(result?.value).toBe(4)
  })

  test('without that task says what it has', async () => {
    const path = worker.write('none.ts', 'export const other = 1')
    const { final } = await worker.run({ code: { entry: { kind: 'module', path, taskName: 'scale', runKind: 'task' } } })
    expect(final).toMatchObject({ type: 'failed', error: { code: 'NO_SUCH_NAME', message: expect.stringMatching(/none\.ts defines no task named "scale".*exports other/) } })
  })
})

describe('surroundings', () => {
  test('folder, variables, time zone and seed are those of the submission, and are gone afterwards', async () => {
    const source = `$value = [process.cwd(), process.env.COLOUR, process.env.HOME, new Date(0).getHours(), Math.random(), Math.random()]`
    const first = await worker.run({ code: cell(source), env: { COLOUR: 'red', TZ: 'Asia/Tokyo' }, seed: 7, cwd: worker.folder })
    const again = await worker.run({ code: cell(source), env: { TZ: 'UTC' }, seed: 7, cwd: '/' })
    const [cwd, colour, home, hour, ...numbers] = first.result?.value as unknown[]
    expect([cwd, colour, home, hour]).toEqual([worker.folder, 'red', undefined, 9])
    expect(again.result?.value).toEqual(['/', undefined, undefined, 0, ...numbers])
    expect((await worker.run({ code: cell('$value = Math.random()') })).result?.value).not.toBe(numbers[0])
  })

  test('a folder that is gone is said in words', async () => {
    const { final } = await worker.run({ code: cell('1'), cwd: '/no/such/folder' })
    expect(final).toMatchObject({ type: 'failed', error: { message: expect.stringMatching(/working folder \/no\/such\/folder .*moved or deleted/) } })
  })

  test('a run that left globals or handles behind makes its worker unfit for the next', async () => {
    expect((await worker.run({ code: cell('globalThis.leak = 1') })).final.isReusable).toBe(false)
    expect((await worker.run({ code: cell('setInterval(() => {}, 1e6)') })).final.isReusable).toBe(false)
    expect((await worker.run({ code: cell(`await new Promise((done) => setTimeout(done, 1))`) })).final.isReusable).toBe(true)
  })
})
