/** When a cached cell runs again and when it does not, told by whole notebooks: each row changes one thing between two runs of the same cell. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestNotebook } from './recording-output.ts'

let notebook: TestNotebook
beforeAll(async () => {
  notebook = await TestNotebook.inNewFolder()
  await mkdir(join(notebook.folder, 'elsewhere'))
  await version('1.0.0')
  await file('deep.ts', 'export const depth = 1')
  await file('load.ts', "import { depth } from './deep.ts'\nexport const load = (): number => depth")
})
afterAll(() => notebook.remove())

const file = (path: string, text: string): Promise<void> => writeFile(join(notebook.folder, path), text)

async function version(number: string): Promise<void> {
  const place = join(notebook.folder, 'node_modules', 'sizes')
  await mkdir(place, { recursive: true })
  await writeFile(join(place, 'package.json'), `{ "name": "sizes", "version": "${number}", "type": "module", "main": "index.js", "types": "index.d.ts" }`)
  await writeFile(join(place, 'index.js'), 'export const size = 3')
  await writeFile(join(place, 'index.d.ts'), 'export const size: number')
}

const BEFORE = [
  'let factor = 2\nconst items = [1, 2]',
  'enum Level { Low = 1, High = 2 }',
  'class Point { constructor(public x = 1) {} get far(): number { return this.x * 10 } }\nconst points = [new Point(3)]',
  'class Counter { static total = 1 }',
  'function third(x: number): number { return x + Level.High }',
  'const second = (x: number): number => third(x) * factor',
  'function first(x: number): number { return second(x) + Counter.total }',
  "import { load } from './load.ts'",
]
const CELL = "%%task --cache\nimport { size } from 'sizes'\nconst result = first(items.length) + load() + size + points.map((point) => point.x).length\nresult"

/** Whether the second run of the cell was answered from the cache. */
async function isHitAfter(change: () => Promise<unknown>, cell = CELL): Promise<boolean> {
  for (const code of BEFORE) await notebook.run(code)
  const ran = notebook.output.card(await notebook.run(CELL))
  expect(ran?.run.state.type).toBe('COMPLETED')
  await change()
  return notebook.output.card(await notebook.run(cell))?.run.cachedFrom !== null
}

describe('a cached cell runs again after', () => {
  test.each<[string, () => Promise<unknown>, (() => Promise<unknown>)?]>([
    ["another version of a package that it imports", () => version('1.0.1'), () => version('1.0.0')],
    ['an edit in the local module it imports', () => file('load.ts', "import { depth } from './deep.ts'\nexport const load = (): number => depth + 1"), () => file('load.ts', "import { depth } from './deep.ts'\nexport const load = (): number => depth")],
    ['an edit in a module that its module imports', () => file('deep.ts', 'export const depth = 22'), () => file('deep.ts', 'export const depth = 1')],
    ['another helper three cells up', () => notebook.run('function third(x: number): number { return x - Level.High }')],
    ['another value of an enum that a helper uses', () => notebook.run('enum Level { Low = 1, High = 7 }')],
    ['another text of a class that it meets only as instances inside data', () => notebook.run('class Point { constructor(public x = 1) {} get far(): number { return this.x * 11 } }\nconst points = [new Point(3)]')],
    ['another field in such an instance', () => notebook.run('points[0]!.x = 4')],
    ['another value of a let that a helper captured', () => notebook.run('factor = 5')],
    ['an item pushed to its input', () => notebook.run('items.push(3)')],
    ['another value of a static field', () => notebook.run('Counter.total = 8')],
    ['another working folder, where relative paths mean other files', () => notebook.run('%cd elsewhere'), () => notebook.run('%cd ..')],
    ['a frozen input', () => notebook.run('Object.freeze(items)')],
  ])('%s', async (_what, change, undo) => {
    expect(await isHitAfter(change)).toBe(false)
    await undo?.()
  })
})

describe('a cached cell is answered from the cache after', () => {
  test('nothing at all', async () => expect(await isHitAfter(async () => {})).toBe(true))

  test.each<[string, string]>([
    ['comments', 'function third(x: number): number {\n  // why\n  return x + Level.High /* that is it */\n}'],
    ['another format', 'function third( x : number ) : number\n{\n    return (x + Level.High);\n}'],
    ['other types', 'type Num = number\nfunction third<T extends Num>(x: T): Num { return (x as Num) + Level.High }'],
    ['unrelated names', 'const unrelated = 5\nfunction alsoUnrelated(): number { return unrelated }'],
    ['cells in another order', BEFORE.slice(3, 7).reverse().join('\n')],
  ])('%s', async (_what, code) => {
    expect(await isHitAfter(() => notebook.run(code))).toBe(true)
  })

  test('comments and format of the cell itself', async () => {
    expect(await isHitAfter(async () => {}, CELL.replace('const result =', '// the sum\nconst result: number =\n   '))).toBe(true)
  })

  test('comments in a local module', async () => {
    expect(await isHitAfter(() => file('deep.ts', '// how deep\nexport const depth = 1'))).toBe(true)
  })
})

describe('what is no part of the key', () => {
  test('%env: the same result is taken', async () => {
    expect(await isHitAfter(() => notebook.run('%env LABFLOW_TEST_KEY=1'))).toBe(true)
  })
})
