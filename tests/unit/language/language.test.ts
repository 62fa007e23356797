/** The language side against the real TypeScript engine: what a user sees while typing and when a cell has a mistake. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLanguage, formatDiagnostic, type Language } from '../../../kernel/language/index.ts'
import { analyzeCell } from '../../../src/code/cell-analysis.ts'

let folder: string
let language: Language
let failures: string[]
let cellCount: number

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'labflow-language-')))
  failures = []
  cellCount = 0
  language = createLanguage({ folder, onFailure: (message) => failures.push(message) })
})

afterEach(async () => {
  await language.close()
  rmSync(folder, { recursive: true, force: true })
})

function ran(source: string): void {
  language.addCell(cellCount++, source, analyzeCell(source))
}

/** Completes at the mark `‸`. */
async function matchesAt(marked: string): Promise<string[]> {
  const cursor = marked.indexOf('‸')
  const source = marked.replace('‸', '')
  const { matches, start, end, types } = await language.complete(source, cursor)
  expect(end).toBe(cursor)
  expect(types.map(({ text }) => text)).toEqual(matches)
  for (const match of matches) expect(match.startsWith(source.slice(start, end))).toBe(true)
  return matches
}

async function inspectAt(marked: string): Promise<{ signature: string; documentation: string } | null> {
  return language.inspect(marked.replace('‸', ''), marked.indexOf('‸'))
}

const messagesOf = async (source: string): Promise<string[]> => (await language.diagnose(source)).map(({ code, message }) => `TS${code}: ${message}`)

describe('types between cells', () => {
  it.each(['at once', 'as declarations'])('flow from an earlier cell, %s', async (when) => {
    ran(`import { statSync } from 'node:fs'
/** Doubles a value. */
function double<T>(value: T, times = 2) { return { value, times, info: statSync('.') } }
class Point { constructor(readonly x: number) {} }
enum Color { Red, Green }
interface Row { id: number; next?: Row }
const five = 5, red = Color.Red, either = Math.random() > 0.5 ? 'a' : 'b'
let total = 0`)
    ran(`const point = new Point(1)
const { value, info: [size] } = { value: double(point), info: [statSync('.').size] }
const Anonymous = class { z = 1 }
const key = Symbol('k')`)
    if (when === 'as declarations') await language.settled()
    expect(await messagesOf(`let n: number = value.value.x; n = value.info.size; n = size; n = new Anonymous().z
let six = five; six = 6; let color = red; color = Color.Green; let letter = either; letter = 'c'
total = 1; total += 2; const row: Row = { id: 1 }; const o = { [key]: 1 }; n = o[key]`)).toEqual([])
    expect(await messagesOf('total = "x"')).toEqual(["TS2322: Type 'string' is not assignable to type 'number'."])
    expect(await messagesOf('const s: string = value.info.size')).toEqual(["TS2322: Type 'number' is not assignable to type 'string'."])
    expect(await messagesOf('five = 6')).toEqual(["TS2588: Cannot assign to 'five' because it is a constant."])
    expect(failures).toEqual([])
  })

  it('follow the newest definition when a name is declared again with another type, and old values keep theirs', async () => {
    ran('class Box { a = 1 }\nlet item = 1')
    ran('const old = new Box(), doubled = item * 2')
    ran('class Box { b = "x" }\nlet item = "text"')
    await language.settled()
    expect(await messagesOf('const n: number = old.a + doubled, s: string = item + new Box().b')).toEqual([])
    expect(await messagesOf('new Box().a')).toEqual(["TS2339: Property 'a' does not exist on type 'Box'."])
    expect(await messagesOf('class Box { c = true }\nconst item = [new Box().c]\nconst b: boolean[] = item')).toEqual([])
  })

  it('stay right over a class chain of 100 cells, some run twice', async () => {
    ran('class C0 { v0 = 0 }')
    for (let i = 1; i <= 100; i++) {
      const source = `class C${i} extends C${i - 1} { v${i} = ${i} }\nconst c${i} = new C${i}()`
      ran(source)
      if (i % 10 === 0) ran(source)
    }
    const check = 'const sum: number = c100.v0 + c100.v57 + new C100().v100\nconst bad: string = c100.v3'
    expect((await language.diagnose(check)).map(({ line, column }) => [line, column])).toEqual([[2, 7]])
    await language.settled()
    expect((await language.diagnose(check)).map(({ line, column }) => [line, column])).toEqual([[2, 7]])
    expect(await language.typesOf(['c100', 'C3', 'nothing'])).toEqual({ c100: 'C100', C3: 'typeof C3' })
  })

  it('survive what a printed type cannot say: recursion, inner classes, loops, overloads, literals, globals', async () => {
    ran('class Box { a = 1 }\nconst old = new Box()')
    ran('class Box { b = "x" }\nconst both = [old, new Box()]')
    ran('function make() { class Inner { z = 1 } return new Inner() }\nconst inner = make()')
    ran('function tree() { return { child: () => tree(), v: 1 } }\nconst root = tree()\nfor (var i = 0, sum = 0; i < 3; i++) sum += i')
    ran('function over(x: string): string\nfunction over(x: number): number\nfunction over(x: any) { return x }\nfunction expando() {}\nexpando.extra = 5')
    ran('const bag = { kind: "a" as "a" | "b" }, { x: renamed = 3, ...others } = { x: 1, y: 2 }\nexport const shown = 1')
    ran('declare global { var fromGlobal: number }')
    ran('function isText(x: unknown): asserts x is string {}\nnamespace Space { export const k = 1; export interface I { i: number } }')
    await language.settled()
    expect(await messagesOf(`const n: number = inner.z + root.child().child().v + sum + i + over(1) + expando.extra + renamed + others.y + shown + fromGlobal + Space.k
bag.kind = 'b'; let v: unknown = 'x'; isText(v); v.length; const s: Space.I = { i: 1 }
for (const box of both) { if ('a' in box) box.a.toFixed(); else box.b.trim() }`)).toEqual([])
    expect(await messagesOf('const a: string = root.child().child().v\nconst b: string = sum\nconst c: string = over(1)')).toHaveLength(3)
  })

  it('are told by name', async () => {
    ran('type Pair<T> = [T, T]\nconst pair: Pair<number> = [1, 2], words = ["a"]\nfunction first<T>(of: T[]) { return of[0] }')
    expect(await language.typesOf(['Pair', 'pair', 'words', 'first'])).toEqual({
      pair: 'Pair<number>', words: 'string[]', first: '<T>(of: T[]) => T',
    })
  })
})

describe('diagnostics', () => {
  it('have the place in the cell and the words of tsc, with characters outside the basic plane before them', async () => {
    const source = '// 😀\nconst 𝒳 = "é😀"; const n: number = 𝒳'
    const [found, ...others] = await language.diagnose(source)
    expect(others).toEqual([])
    expect(found).toEqual({ code: 2322, severity: 'error', line: 2, column: source.indexOf('n: number') - 5, lengthChars: 1, message: "Type 'string' is not assignable to type 'number'." })
    const text = formatDiagnostic(source, found!)
    expect(text).toContain("line 2:25 - error TS2322: Type 'string' is not assignable to type 'number'.")
    expect(text.split('\n').slice(-2)).toEqual(['2 const 𝒳 = "é😀"; const n: number = 𝒳', '                         ^'])
    expect(formatDiagnostic(source, found!, { isColoured: true })).toContain('\x1b[91merror\x1b[0m')
  })

  it('leave notebook idioms alone', async () => {
    expect(await messagesOf(`const answer = await Promise.resolve(42)
const grow = [], bag = {}, unused = 1
grow.push(1); bag.later = 2; bag['x'] = 3
let anything; anything = 1; anything = 'x'
function untyped(a, { b }) { return a + b }
for await (const x of [1]) console.log(x, process.argv, Buffer.from('x'), setTimeout, structuredClone)
try { untyped(1, { b: 2 }) } catch (error) { console.error(error.message) }`)).toEqual([])
    ran('const bag = {}, grow = []')
    expect(await messagesOf('bag.other = 1; grow.push("x")')).toEqual([])
  })

  it('respect @ts-nocheck and @ts-expect-error', async () => {
    expect(await messagesOf('// a note\n// @ts-nocheck\nconst n: number = "x"')).toEqual([])
    expect(await messagesOf('// @ts-expect-error\nconst n: number = "x"\nconst m: number = "y"')).toHaveLength(1)
  })

  it('say what is a warning and what stops a task', async () => {
    const found = await language.diagnose('let maybe = [1].find((x) => x > 1)\nmaybe.toFixed()\nmissing()')
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([[18048, 'warning'], [2304, 'error']])
  })

  it('do not name documents that the user never saw', async () => {
    ran('class Hidden { private p = 1 }\nconst hidden = new Hidden()')
    const text = (await messagesOf('const hidden2: { p: number } = hidden')).join()
    expect(text).toContain('Hidden')
    expect(text).not.toContain('__labflow_')
  })
})

describe('what is known without an earlier cell', () => {
  it('Node, its types and modules', async () => {
    expect(await messagesOf("import { readFileSync } from 'node:fs'\nconst n: number = readFileSync('x', 'utf8').length\nconst t: NodeJS.Timeout = setTimeout(() => {}, 1)")).toEqual([])
    expect((await messagesOf('document.title'))[0]).toContain("Cannot find name 'document'")
  })

  it('labflow itself', async () => {
    expect(await messagesOf("import { task } from 'labflow'\nconst name: number = task")).toEqual([expect.stringMatching(/^TS2322: .* not assignable to type 'number'/)])
    expect(await matchesAt("import { ta‸ } from 'labflow'")).toContain('task')
  })

  it('modules by the paths of the project', async () => {
    mkdirSync(join(folder, 'lib'))
    writeFileSync(join(folder, 'lib', 'deep.ts'), 'export const deep = 1')
    writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "strict": false, "paths": { "@lib/*": ["./lib/*"] } } }')
    expect(await messagesOf("import { deep } from '@lib/deep'\nconst s: string = deep")).toEqual(["TS2322: Type 'number' is not assignable to type 'string'."])
  })

  it('a local module, also after it was edited, and one that appears', async () => {
    const path = join(folder, 'local.ts')
    writeFileSync(path, 'export const scale = (x: number): number => x')
    expect(await messagesOf("import { scale } from './local.ts'\nconst s: string = scale(1)")).toEqual(["TS2322: Type 'number' is not assignable to type 'string'."])
    writeFileSync(path, 'export const scale = (x: number): string => String(x)')
    utimesSync(path, new Date(), new Date(Date.now() + 5000))
    expect(await messagesOf("import { scale } from './local.ts'\nconst s: string = scale(1)")).toEqual([])
    expect((await messagesOf("import { later } from './later.ts'\nlater.toFixed()"))[0]).toContain('TS2307')
    writeFileSync(join(folder, 'later.ts'), "import { scale } from './local.ts'\nexport const later = 1, s = scale(1)")
    expect(await messagesOf("import { later } from './later.ts'\nlater.toFixed()")).toEqual([])
    expect(readdirSync(folder).sort()).toEqual(['later.ts', 'local.ts'])
  })
})

describe('completion', () => {
  beforeEach(() => {
    ran(`/** A point. */
class Point { alpha = 1; beta = 2; 'my key' = 3; move(by: number) { return by } }
const point = new Point(), mode = Math.random() > 0.5 ? 'train' : 'test'
interface Options { depth: number; name?: string }`)
  })

  it.each([
    ['members', 'point.‸', ['alpha', 'beta', 'move']],
    ['members after an optional chain', 'point?.al‸', ['alpha']],
    ['own names of a cell that did not run', 'const zebra = 1\nfor (const zeal of [1]) { ze‸ }', ['zeal', 'zebra']],
    ['names of earlier cells', 'poi‸', ['point']],
    ['import names', "import { readFileS‸ } from 'node:fs'", ['readFileSync']],
    ['module specifiers', "import fs from 'node:f‸'", ['node:fs', 'node:fs/promises']],
    ['a path within a module specifier', "import fs from 'node:fs/p‸'", ['promises']],
    ['object keys', 'const o: Options = { de‸', ['depth']],
    ['string unions', "const m: typeof mode = '‸'", ['test', 'train']],
    ['keys in brackets', "point['my‸']", ['my key']],
    ['globals', 'structuredC‸', ['structuredClone']],
    ['a hole of a template', '`${poi‸}`', ['point']],
    ['with characters outside the basic plane before', 'const 𝒳 = "😀"; point.b‸', ['beta']],
    ['types', 'let x: Opti‸', ['Options']],
  ])('%s', async (_what, marked, expected) => {
    expect(await matchesAt(marked)).toEqual(expect.arrayContaining(expected))
  })

  it('offers local modules by their file name and none of our documents', async () => {
    writeFileSync(join(folder, 'umap.ts'), 'export const x = 1')
    expect(await matchesAt("import x from './‸'")).toEqual(['umap.ts'])
    expect((await matchesAt('‸')).filter((name) => name.includes('__labflow'))).toEqual([])
  })
})

describe('inspection', () => {
  it('shows signature and documentation of a name', async () => {
    ran('/** Doubles it.\n * @param x what to double */\nfunction double(x: number) { return x * 2 }\nconst one = double(1)')
    await language.settled()
    const shown = await inspectAt('doub‸le(1)')
    expect(shown?.signature).toBe('function double(x: number): number')
    expect(shown?.documentation).toContain('Doubles it.')
    expect((await inspectAt('one‸'))?.signature).toBe('const one: number')
  })

  it('shows the signature behind an open parenthesis', async () => {
    ran('/** Adds.\n * @param b the second */\nfunction add(a: number, b: string) { return a + b }')
    for (const marked of ['add(‸', 'add(1, ‸)', 'const x = 1\nadd(‸)']) {
      const shown = await inspectAt(marked)
      expect(shown?.signature).toBe('add(a: number, b: string): string')
      expect(shown?.documentation).toContain('the second')
    }
  })

  it('answers null where there is nothing', async () => {
    expect(await inspectAt('‸')).toBeNull()
    expect(await inspectAt('1 + ‸ ')).toBeNull()
  })
})

describe('the engine process', () => {
  it('is not started before the first question', () => {
    ran('const x = 1')
    expect(language.engineProcessId).toBeNull()
  })

  it('comes back after kill -9 with everything that ran', async () => {
    ran('const list = [1, 2, 3]')
    expect(await messagesOf('const s: string = list')).toHaveLength(1)
    const first = language.engineProcessId!
    process.kill(first, 'SIGKILL')
    await language.diagnose('list')
    expect(await messagesOf('const s: string = list')).toEqual(["TS2322: Type 'number[]' is not assignable to type 'string'."])
    expect(language.engineProcessId).not.toBe(first)
  })

  it('answers empty while it is being killed in the middle of questions, and rightly afterwards', async () => {
    ran('const list = [1, 2, 3]')
    await language.diagnose('list')
    const asked = Array.from({ length: 5 }, () => language.complete('list.', 5))
    process.kill(language.engineProcessId!, 'SIGKILL')
    const answers = await Promise.all(asked)
    expect(answers.every(({ start, end }) => start === 5 && end === 5)).toBe(true)
    expect(await matchesAt('list.ma‸')).toContain('map')
  })

  it('sees a package that was installed meanwhile', async () => {
    expect((await messagesOf("import { area } from 'shapes'"))[0]).toContain('TS2307')
    const home = join(folder, 'node_modules', 'shapes')
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'package.json'), '{ "name": "shapes", "version": "1.0.0", "type": "module", "exports": { "types": "./main.d.ts", "default": "./main.js" } }')
    writeFileSync(join(home, 'main.d.ts'), 'export declare function area(r: number): number')
    expect(await messagesOf("import { area } from 'shapes'\nconst s: string = area(1)")).toEqual(["TS2322: Type 'number' is not assignable to type 'string'."])
  })

  it('ends when the kernel is killed', async () => {
    const modulePath = join(import.meta.dirname, '../../../kernel/language/index.ts')
    const program = `import { createLanguage } from ${JSON.stringify(modulePath)}
const language = createLanguage({ folder: ${JSON.stringify(folder)} })
await language.diagnose('1'); console.log(language.engineProcessId); setInterval(() => {}, 1000)`
    const kernel = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [chunk] = (await once(kernel.stdout!, 'data')) as [Buffer]
    const engine = Number(chunk.toString())
    expect(() => process.kill(engine, 0)).not.toThrow()
    kernel.kill('SIGKILL')
    await vi.waitFor(() => expect(() => process.kill(engine, 0)).toThrow(), { timeout: 30_000 })
  })

  it('answers empty after close', async () => {
    await language.diagnose('1')
    const engine = language.engineProcessId!
    await language.close()
    expect(() => process.kill(engine, 0)).toThrow()
    expect(await language.diagnose('const n: number = "x"')).toEqual([])
    expect(await language.inspect('x', 0)).toBeNull()
  })
})
