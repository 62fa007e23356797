/** Local modules behave in cells as a researcher expects: TypeScript runs, edits are seen, errors name the file and line. */
import { describe, expect, test } from 'vitest'
import { runCells } from './hooks-fixture.ts'

function values(files: Record<string, string>, cells: string[]): unknown[] {
  return runCells(files, cells).results.map((result) => ('value' in result ? result.value : result.error))
}

describe('finding modules', () => {
  test('./a, ./a.ts, ./a.js, a folder with an index and JSON all load', () => {
    const files = {
      'a.ts': 'export const a: number = 1',
      'pack/index.ts': `export { a } from '../a.js'`,
      'data.json': '{"rows": [1, 2], "class": 3}',
      'view.tsx': 'export function View<T>(x: T): T { return x }',
    }
    expect(values(files, [
      `return (await import('./a')).a`,
      `return (await import('./a.ts')).a`,
      `return (await import('./a.js')).a`,
      `return (await import('./pack')).a`,
      `return (await import('./data.json')).default`,
      `return (await import('./data.json', { with: { type: 'json' } })).default.rows`,
      `return (await import('./data.json')).rows`,
      `return (await import('./view')).View(5)`,
      `return (await import('./a')) === (await import('./a.ts'))`,
    ])).toEqual([1, 1, 1, 1, { rows: [1, 2], class: 3 }, [1, 2], [1, 2], 5, true])
  })

  test('enums, namespaces, parameter properties and decorators run', () => {
    const files = {
      'modern.ts': `
        export enum Mode { Fast = 1, Slow }
        export namespace N { export const x = 4 }
        class P { constructor(readonly n: number) {} }
        function twice(f: Function, _context: unknown) { return function (this: unknown, ...args: unknown[]) { return 2 * (f as any).apply(this, args) } }
        export class D { @twice seven(): number { return 7 } }
        export const out = [Mode.Slow, N.x, new P(3).n, new D().seven()]`,
    }
    expect(values(files, [`return (await import('./modern')).out`])).toEqual([[2, 4, 3, 14]])
  })

  test('require reads TypeScript, of modules and of CommonJS', () => {
    const files = {
      'esm.ts': 'export const kind: string = "esm"',
      'old.ts': 'const path = require("node:path"); module.exports = { kind: path.basename("x/cjs") as string }',
    }
    expect(values(files, [`return require('./esm.ts').kind`, `return require('./old').kind`])).toEqual(['esm', 'cjs'])
  })

  test('tsconfig paths and baseUrl hold, through extends and comments', () => {
    const files = {
      'tsconfig.json': '{ "extends": "./base", /* ours */ "compilerOptions": { "strict": true, } }',
      'base.json': '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"], "exact": ["./lib/b.ts"] } } }',
      'lib/b.ts': 'export const b = "b"',
    }
    expect(values(files, [`return (await import('@lib/b')).b`, `return (await import('exact')).b`])).toEqual(['b', 'b'])
  })

  test('packages come from the notebook first, then from Labflow', () => {
    const files = { 'node_modules/umap-js/package.json': '{"main": "x.js"}', 'node_modules/umap-js/x.js': 'exports.mine = true' }
    expect(values(files, [
      `return (await import('umap-js')).mine`,
      `return typeof (await import('yaml')).parse`,
      `return typeof require('yaml').parse`,
    ])).toEqual([true, 'function', 'function'])
  })
})

describe('edits', () => {
  const files = { 'leaf.ts': 'export const n = 1', 'middle.ts': `import { n } from './leaf'; export const m = n * 10`, 'other.ts': 'export const id = {}' }

  test('an edited module and its dependents are loaded anew, others are kept', () => {
    expect(values(files, [
      `globalThis.other = (await import('./other')).id; return (await import('./middle')).m`,
      `return (await import('./middle')).m`,
      `write('leaf.ts', 'export const n = 7'); return (await import('./middle')).m`,
      `return (await import('./leaf')).n`,
      `return (await import('./other')).id === other`,
      `write('leaf.ts', 'export const n = 1'); return (await import('./middle')).m`,
    ])).toEqual([10, 10, 70, 7, true, 10])
  })

  test('modules that import each other reload together', () => {
    const cycle = {
      'a.ts': `import { b } from './b'; export const a = () => 'a' + b()`,
      'b.ts': `import { a } from './a'; export const b = () => 'b'; export const viaA = () => a()`,
    }
    expect(values(cycle, [
      `const { viaA } = await import('./b'); return viaA()`,
      `write('b.ts', "import { a } from './a'; export const b = () => 'B'; export const viaA = () => a()"); return (await import('./a')).a()`,
      `return (await import('./b')).viaA()`,
    ])).toEqual(['ab', 'aB', 'aB'])
  })

  test('a module required by CommonJS reloads too', () => {
    expect(values({ 'c.ts': 'module.exports = 1' }, [`return require('./c')`, `write('c.ts', 'module.exports = 2')`, `return require('./c')`])).toEqual([1, undefined, 2])
  })

  test('a module that failed is tried again, though its own text is the same', () => {
    expect(values({ 'a.ts': `import './late'; export const ok = 1`, 'e.ts': `if (!globalThis.ready) throw new Error('not ready'); export const e = 2` }, [
      `return (await import('./a')).ok`,
      `write('late.ts', ''); return (await import('./a')).ok`,
      `return (await import('./e')).e`,
      `globalThis.ready = true; return (await import('./e')).e`,
    ])).toEqual([expect.stringContaining(`Cannot find module './late', imported by ./a.ts line 1`), 1, 'not ready', 2])
  })
})

describe('errors', () => {
  test('a missing module names the importing file and line, and a near name', () => {
    const { results } = runCells({ 'a.ts': `// './gone'\nimport { x } from './gone'\n`, 'Scale.ts': '' }, [`await import('./a')`, `await import('./scale')`, `await import('no-such-package-here')`])
    expect(results[0]).toMatchObject({ error: expect.stringContaining(`Cannot find module './gone', imported by ./a.ts line 2`), code: 'ERR_MODULE_NOT_FOUND' })
    expect(results[1]?.error).toContain('there is "Scale.ts"')
    expect(results[2]?.error).toContain(`Cannot find package 'no-such-package-here'. Install it in the notebook's folder: %npm install no-such-package-here`)
  })

  test('broken TypeScript names the file, and Node prints no warning', () => {
    const { results, stderr } = runCells({ 'bad.ts': 'export const a = (1;' }, [`await import('./bad')`])
    expect(results[0]?.error).toMatch(/bad\.ts/)
    expect(stderr).toBe('')
  })
})
