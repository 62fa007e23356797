import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { captureModuleTask } from '../../../src/capture/capture-module-task.ts'
import { captureFunction } from '../../../src/capture/capture-function.ts'
import { TestNotebook } from './notebook.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labflow-key-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const CELLS = ['function a(x: number) { return b(x) + 1 }', 'const b = (x: number) => c(x) * 2', 'function c(x: number): number { return x - 3 }']
const keyWith = (cells: string[], source = 'const y = a(data.length)', values: Record<string, unknown> = { data: [1, 2] }): Promise<string> => new TestNotebook(folder).cells(cells, values).key(source)

describe('the key stays when only the writing changes', () => {
  test('comments, format and types of the cell', async () => {
    expect(await keyWith(CELLS, '// note\nconst y: number = a( data.length ) as number;;')).toBe(await keyWith(CELLS))
  })
  test('comments, format and types of a helper', async () => {
    expect(await keyWith([CELLS[0]!, CELLS[1]!, '/** doc */ function c<T extends number>(x: T) {\n\n  // why\n  return (x - 3); }'])).toBe(await keyWith(CELLS))
  })
  test('the order of cells, and cells that have nothing to do with it', async () => {
    expect(await keyWith([...CELLS].reverse())).toBe(await keyWith(CELLS))
    expect(await keyWith([...CELLS, 'function other() { return 9 }'], undefined, { data: [1, 2], more: 3 })).toBe(await keyWith(CELLS))
  })
})

describe('the key changes when the work changes', () => {
  test('a helper three definitions away', async () => {
    expect(await keyWith([CELLS[0]!, CELLS[1]!, 'function c(x: number) { return x - 4 }'])).not.toBe(await keyWith(CELLS))
  })
  test('a string inside a comment-like text', async () => {
    expect(await keyWith(CELLS, 'const y = "// a"')).not.toBe(await keyWith(CELLS, 'const y = "// b"'))
  })
  test('an input, and the order of its keys', async () => {
    expect(await keyWith(CELLS, 'a(data.x)', { data: { x: 1, y: 2 } })).not.toBe(await keyWith(CELLS, 'a(data.x)', { data: { y: 2, x: 1 } }))
    expect(await keyWith(CELLS, undefined, { data: [1, 3] })).not.toBe(await keyWith(CELLS))
  })
  test('a parameter of a flow cell', async () => {
    const notebook = new TestNotebook(folder)
    expect(await notebook.key('const n = 1; n', { parameterValues: { n: 2 } })).not.toBe(await notebook.key('const n = 1; n'))
    expect(await notebook.key('const n = 1; n', { parameterValues: { n: 2 } })).toBe(await notebook.key('const n = 2; n'))
  })
  test('one array used twice is not two equal arrays', async () => {
    const one = [1]
    expect(await keyWith([], 'p === q', { p: one, q: one })).not.toBe(await keyWith([], 'p === q', { p: [1], q: [1] }))
  })
  test('a name that stands for another import', async () => {
    expect(await keyWith(["import { join as f } from 'node:path'"], 'f("a")')).not.toBe(await keyWith(["import { resolve as f } from 'node:path'"], 'f("a")'))
  })
})

describe('modules and packages count', () => {
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  test('an edit in a module behind the imported one, not a comment in it', async () => {
    write('lib/deep.ts', 'export const k: number = 1')
    write('lib/top.ts', "import { k } from './deep'\nexport const load = () => k")
    const source = "import { load } from './lib/top.ts'\nload()"
    const before = await new TestNotebook(folder).capture(source)
    expect(Object.keys(before.code.fingerprintParts)).toEqual(expect.arrayContaining(['cell', 'module ./lib/top.ts', 'module ./lib/deep.ts']))
    write('lib/deep.ts', '// the same\nexport const k = 1;')
    expect(await new TestNotebook(folder).key(source)).toBe(before.cacheKey)
    write('lib/deep.ts', 'export const k = 2')
    const after = await new TestNotebook(folder).capture(source)
    expect(after.cacheKey).not.toBe(before.cacheKey)
    const changed = Object.keys(after.code.fingerprintParts).filter((label) => after.code.fingerprintParts[label] !== before.code.fingerprintParts[label])
    expect(changed).toEqual(['module ./lib/deep.ts'])
  })
  test('a dynamic import in a helper', async () => {
    write('late.ts', 'export const v = 1')
    const cells = ["const late = async () => (await import('./late.ts')).v"]
    const before = await keyWith(cells, 'await late()')
    write('late.ts', 'export const v = 22')
    expect(await keyWith(cells, 'await late()')).not.toBe(before)
  })
  test("a package's version, from the cell and from a local module", async () => {
    write('node_modules/@lab/umap/package.json', '{"name":"@lab/umap","version":"1.0.0"}')
    write('uses.ts', "import umap from '@lab/umap/fast'\nexport const f = () => umap")
    const direct = await new TestNotebook(folder).capture("import { UMAP } from '@lab/umap'\nUMAP")
    expect(Object.keys(direct.code.fingerprintParts)).toContain('import @lab/umap@1.0.0')
    const indirect = await keyWith([], "import { f } from './uses'\nf()")
    write('node_modules/@lab/umap/package.json', '{"name":"@lab/umap","version":"1.0.1"}')
    expect(await new TestNotebook(folder).key("import { UMAP } from '@lab/umap'\nUMAP")).not.toBe(direct.cacheKey)
    expect(await keyWith([], "import { f } from './uses'\nf()")).not.toBe(indirect)
  })
  test('a task of a module: its file and its arguments', async () => {
    write('tasks.ts', "import { task } from 'labflow'\nexport const embed = task({ name: 'embed' }, async (n: number) => n)")
    const key = async (...args: unknown[]): Promise<string> => (await captureModuleTask({ path: join(folder, 'tasks.ts'), taskName: 'embed', runKind: 'task', args })).cacheKey
    const first = await key(1)
    expect(await key(2)).not.toBe(first)
    expect(await key(1)).toBe(first)
    write('tasks.ts', "import { task } from 'labflow'\nexport const embed = task({ name: 'embed' }, async (n: number) => n + 1)")
    expect(await key(1)).not.toBe(first)
  })
  test('a function keeps its key when its text is written otherwise', async () => {
    const scope = new TestNotebook(folder)
    const key = async (source: string): Promise<string> => (await captureFunction({ source, args: [1], scope, filename: 'f' })).cacheKey
    expect(await key('(x) => { /* note */ return x + 1 }')).toBe(await key('(x) => {\n return (x+1);\n}'))
    expect(await key('(x) => { return x + 2 }')).not.toBe(await key('(x) => { return x + 1 }'))
  })
})
