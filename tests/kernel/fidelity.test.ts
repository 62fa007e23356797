/** What a researcher expects of a cell that moves to a worker: it computes what the notebook would, and its errors and functions are the user's own. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestNotebook } from './recording-output.ts'

let notebook: TestNotebook
beforeAll(async () => {
  notebook = await TestNotebook.inNewFolder()
})
afterAll(() => notebook.remove())

const cardOf = (cellId: string) => notebook.output.card(cellId)
const plain = (lines: string[]): string => lines.join('\n').replace(/\u001b\[\d*m/g, '')

describe('what an import in a task cell gives', () => {
  test('await import of a Node module, whole or in parts, is there in the next cell', async () => {
    await notebook.run("%%task\nconst fs = await import('node:fs')\nconst { existsSync } = await import('node:fs')\nconst { sep } = await import('node:path')\nconst root = existsSync('/')")
    expect(await notebook.value("[root, sep, typeof fs.readFileSync, fs.existsSync === existsSync, existsSync('/')]")).toBe("[ true, '/', 'function', true, true ]")
  })

  test('classes and functions of npm packages come back as the very same, also those of CommonJS that Node does not list', async () => {
    const place = join(notebook.folder, 'node_modules', 'boxes')
    await mkdir(place, { recursive: true })
    await writeFile(join(place, 'package.json'), '{ "name": "boxes", "version": "1.0.0", "main": "index.js", "types": "index.d.ts" }')
    await writeFile(join(place, 'index.js'), 'class Box { #n = 3; get n() { return this.#n } }\nconst all = { Box, open: (box) => box.n };\nfor (const name of Object.keys(all)) module.exports[name] = all[name]')
    await writeFile(join(place, 'index.d.ts'), 'export class Box { get n(): number }\nexport function open(box: Box): number')
    await notebook.run("%%task\nimport { open } from 'boxes'\nconst { Box } = (await import('boxes')) as any\nconst { default: boxes } = (await import('boxes')) as any\nconst n = open(new boxes.Box())")
    expect(await notebook.value("[n, boxes.Box === require('boxes').Box, open === boxes.open, open(new boxes.Box())]")).toBe('[ 3, true, true, 3 ]')
    expect(await notebook.value('%%task\nconst again = open(new boxes.Box())\nagain')).toBe('3')
  })

  test('a module that came back can be used by a further task cell', async () => {
    await notebook.run("%%task\nconst hasRoot = existsSync('/') && fs.existsSync('/')")
    expect(await notebook.value('hasRoot')).toBe('true')
  })

  test('a built-in of the language comes back; a function that a package made stays, with a word on the card', async () => {
    const cell = await notebook.run("%%task\nconst { max } = Math\nconst later = setTimeout\nconst { promisify } = await import('node:util')\nconst sleeper = promisify((done: () => void) => done())\nconst kept = 5")
    expect(cardOf(cell)?.run).toMatchObject({ state: { type: 'COMPLETED' }, warnings: [expect.stringMatching(/^sleeper did not come back: .*no source/)] })
    expect(await notebook.value('[max(1, 2), later === setTimeout, promisify === require("node:util").promisify, typeof sleeper, kept]')).toBe("[ 2, true, true, 'undefined', 5 ]")
  })

  test('static imports of a task cell hold in the notebook too', async () => {
    await notebook.run("%%task\nimport path, { basename } from 'node:path'\nimport * as os from 'node:os'\nconst joined = path.join('a', 'b')")
    expect(await notebook.value("[path.dirname(joined), basename(joined), typeof os.cpus]")).toBe("[ 'a', 'b', 'function' ]")
  })
})

describe('definitions that use values while they are made', () => {
  test('static fields, enums and instances see the notebook values in a worker', async () => {
    await notebook.run('const factor = 7\nclass Scaled { static scale = factor; static twice = Scaled.scale * 2 }\nenum Level { Low = factor, High }')
    await notebook.run('class Place { constructor(public x = 0) {} }\nconst origin = new Place(3)\nclass Map2 { static start = origin; static x = origin.x }')
    await notebook.run('%%task\nconst seen = [Scaled.scale, Scaled.twice, Level.High, Map2.x, Map2.start instanceof Place]')
    expect(await notebook.value('seen')).toBe('[ 7, 14, 8, 3, true ]')
  })
})

describe('a name that helpers use and the cell declares anew', () => {
  test('helpers of earlier cells see the new value after it is set, as in the notebook', async () => {
    await notebook.run('const rate = 2\nfunction times(x: number): number { return x * rate }\nconst sq = (x: number): number => times(x) * rate')
    await notebook.run('%%task\nconst early = times(1)\nconst rate = 10\nconst after = [times(1), sq(1)]')
    expect(await notebook.value('[early, after, rate, times(1)]')).toBe('[ 2, [ 10, 100 ], 10, 10 ]')
  })

  test('also when it is destructured, a function or a class', async () => {
    await notebook.run('let gain = 1\nfunction step(x: number): number { return x + gain }\nclass Unit { static size = 1 }\nconst sized = (): number => Unit.size * step(1)')
    await notebook.run('%%task\nconst { gain } = { gain: 5 }\nclass Unit { static size = 100 }\nfunction step(x: number): number { return x - gain }\nconst now = sized()')
    expect(await notebook.value('[now, gain, Unit.size]')).toBe('[ -400, 5, 100 ]')
  })
})

describe('functions over variables of a factory', () => {
  test('a task of a closure is refused, even if the notebook has a variable of that name', async () => {
    await notebook.run("import { task } from 'labflow'\nconst k = 1000\nfunction makeTask(k: number) { return task({ name: 'times-k' }, (x: number) => x * k) }\nconst timesThree = makeTask(3)")
    const error = await notebook.fail('await timesThree(2)')
    expect(error.message).toMatch(/`k` is a variable of the function that made this one/)
  })

  test('a task made inside a task cell from a closure is refused there too', async () => {
    const error = await notebook.fail("%%task\nimport { task } from 'labflow'\nconst make = (k: number) => task({ name: 'inner' }, (x: number) => x * k)\nconst wrong = await make(3)(2)")
    expect(error.message).toMatch(/`k` is a variable of the function that made this one/)
  })

  test('a closure among the outputs fails by name, and the other outputs stay with the run', async () => {
    const error = await notebook.fail('%%task\nconst offsetBy = (offset: number) => (x: number): number => x + offset\nconst shift = offsetBy(3)\nconst good = [1, 2]\nconst fine = "yes"')
    expect(error.message).toMatch(/"shift".*closes over "offset".*%wait r\d+ --only good,fine,offsetBy/)
    expect(await notebook.value('typeof good')).toBe("'undefined'")
    const run = cardOf(error.cellId)?.run.shortId
    await notebook.run(`%wait ${run} --only good,fine`)
    expect(await notebook.value('[good, fine]')).toBe("[ [ 1, 2 ], 'yes' ]")
    expect((await notebook.fail(`%wait ${run}`)).message).toMatch(/"shift"/)
  })
})

describe('an error in a run', () => {
  test('shows the line as typed, below comments and types', async () => {
    const error = await notebook.fail('%%task\n// why\ntype Row = { x: number }\nconst row = JSON.parse("null") as Row\nconst y: number = (row as Row).x')
    expect(plain(error.traceback)).toBe("TypeError: Cannot read properties of null (reading 'x')\n  at cell-" + error.cellId.slice(1) + ' line 5   const y: number = (row as Row).x')
  })

  test('shows the helper of an earlier cell by that cell and its line', async () => {
    const cell = await notebook.run('/** Reads. */\nfunction read(a: { b?: number }[]): number {\n  // deep\n  const first = a[99] as { b: number }\n  return first.b\n}\nconst readTwice = (a: { b?: number }[]): number => read(a) + read(a)')
    const error = await notebook.fail('%%task\nconst rows: { b?: number }[] = []\nreadTwice(rows)')
    const lines = plain(error.traceback)
    expect(lines).toContain(`at cell-${cell.slice(1)} line 5 in read   return first.b`)
    expect(lines).toContain(`at cell-${cell.slice(1)} line 7 in readTwice   const readTwice`)
    expect(lines).toMatch(/line 3 {3}readTwice\(rows\)$/)
    expect(lines).not.toMatch(/\$value|\/src\/|node:/)
  })

  test('shows the line of a task function, called with await', async () => {
    const cell = await notebook.run('%%task\nfunction divide(a: bigint, b: bigint): bigint {\n  // exact\n  return a / (b as bigint)\n}')
    const error = await notebook.fail('await divide(1n, 0n)')
    expect(plain(error.traceback)).toContain(`cell-${cell.slice(1)} line 4 in divide   return a / (b as bigint)`)
  })

  test('shows the line of a local file', async () => {
    await writeFile(`${notebook.folder}/lib.ts`, '// lib\ninterface Thing { a: number }\nexport function broken(thing: Thing | null): number {\n  return (thing as Thing).a\n}\n')
    const error = await notebook.fail("%%task\nimport { broken } from './lib.ts'\nbroken(null)")
    expect(plain(error.traceback)).toMatch(/lib\.ts line 4:\d+ in broken {3}return \(thing as Thing\)\.a/)
  })
})

describe('names that the type checker cannot know', () => {
  test('a name set by globalThis.x = … or eval can be used in a task cell', async () => {
    await notebook.run('globalThis.viaGlobal = 12; eval("globalThis.viaEval = 6")')
    expect(await notebook.value('%%task\nconst fromBoth = viaGlobal + viaEval\nfromBoth')).toBe('18')
    expect((await notebook.fail('%%task\nconst lost = viaNobody + 1')).message).toMatch(/Cannot find name 'viaNobody'/)
  })

  test('.map of a function that %%task made a task is no type error, and its own types still count', async () => {
    await notebook.run('%%task\nfunction half(x: number): number { return x / 2 }\nconst firstOf = <T,>(list: T[]): T => list[0] as T')
    expect(await notebook.value('%%task\nconst halves: number[] = await half.map([2, 4])\nconst one: number = await firstOf([7])\nhalves.concat(one)')).toBe('[ 1, 2, 7 ]')
    expect((await notebook.fail('%%task\nconst wrong = await half("text")')).name).toBe('TypeCheckError')
    await notebook.run('function third(x: number): number { return x / 3 }\n%task third')
    expect(await notebook.value('%%task\nconst thirds = await third.map([3, 6])\nthirds')).toBe('[ 1, 2 ]')
  })
})

describe('what would be wrong without a word', () => {
  test('a variable named as a global of Node travels, also one made before the first task', async () => {
    const fresh = await TestNotebook.inNewFolder()
    try {
      await fresh.run('const module = { a: 1 }, exports = [2], performance = 3')
      expect(await fresh.value('%%task\nconst seen = [module, exports, performance]\nseen')).toBe('[ { a: 1 }, [ 2 ], 3 ]')
    } finally {
      await fresh.remove()
    }
  })

  test('a helper that assigns a notebook variable in a worker is remarked on the card', async () => {
    await notebook.run('let counted = 0\nconst count = (x: number): void => { counted += x }')
    const cell = await notebook.run('%%task\ncount(5)')
    expect(cardOf(cell)?.run.warnings.join()).toMatch(/counted changed in place/)
    expect(await notebook.value('counted')).toBe('0')
  })

  test('a timeout shows its message in the cell, and an AggregateError its members', async () => {
    expect(plain((await notebook.fail('%%task --timeout 200ms\nfor (;;) {}')).traceback)).toMatch(/TimeoutError: ran longer than its timeout of 0\.2 s/)
    const both = await notebook.fail('%%task\nconst isBad = JSON.parse("true")\nif (isBad) throw new AggregateError([new RangeError("one"), new TypeError("two")], "both")')
    expect(plain(both.traceback)).toMatch(/AggregateError: both[\s\S]*RangeError: one[\s\S]*TypeError: two/)
  })

  test('display() as the last line of a task shows its value and no handle', async () => {
    const cell = await notebook.run('%%task\ndisplay({ k: 1 })')
    expect(notebook.output.streams(cell)).toBe('')
    expect(cardOf(cell)?.run.warnings).toEqual([])
  })
})

describe('data that hangs on classes, functions and enums', () => {
  test('a static field changed after its declaration has its new value in a task, and null, lists and enums have theirs', async () => {
    await notebook.run('let base = 3\nclass Stat { static total = 0; static log: number[] = []; static gone: number | undefined = 1; static bump(): void { Stat.total++ } }\nenum Rank { Low = base, High }')
    await notebook.run('Stat.total = 5; Stat.log.push(1); delete Stat.gone; base = 40')
    expect(await notebook.value("%%task\nconst stat = [Stat.total, Stat.log, 'gone' in Stat, Rank.Low, Rank[3]]\nstat")).toBe("[ 5, [ 1 ], false, 3, 'Low' ]")
  })

  test('a static field that a helper changes in a task is remarked; one that the cell itself changes is refused, or comes back with --out', async () => {
    const cell = await notebook.run('%%task\nStat.bump()\nconst bumped = Stat.total')
    expect(cardOf(cell)?.run.warnings.join()).toMatch(/Stat\.total changed in place/)
    expect(await notebook.value('[bumped, Stat.total]')).toBe('[ 6, 5 ]')
    expect((await notebook.fail('%%task\nStat.total = 9')).message).toMatch(/`Stat` is changed here.*--out Stat/)
    await notebook.run('%%task --out Stat\nStat.total = 9')
    expect(await notebook.value('[Stat.total, Stat.log]')).toBe('[ 9, [ 1 ] ]')
    expect(await notebook.value('%%task\nconst nine = Stat.total\nnine')).toBe('9')
  })

  test('a class that a task declared and filled comes back filled', async () => {
    await notebook.run('%%task\nclass Shelf { static items: string[] = [] }\nShelf.items.push("a")')
    expect(await notebook.value('Shelf.items')).toBe("[ 'a' ]")
  })

  test('instances of a class that needs another instance to be made are its own in a task, and come back', async () => {
    await notebook.run('class Spot { constructor(public x = 0) {} }\nconst zero = new Spot(3)\nclass Grid { static start = zero; static x = zero.x; static only = new Grid(); size = 4; grow(): number { return this.size + Grid.x } }\nconst grid = new Grid()')
    expect(await notebook.value('%%task\nconst grids = [Grid.x, Grid.start === zero, Grid.only instanceof Grid, grid.grow()]\nconst next = grid\ngrids')).toBe('[ 3, true, true, 7 ]')
    expect(await notebook.value('[next instanceof Grid, next.constructor === Grid, next.grow()]')).toBe('[ true, true, 7 ]')
  })

  test('properties put on a function travel both ways', async () => {
    await notebook.run('const scaled = (x: number): number => x * ((scaled as unknown as { by?: number }).by ?? 1)\nfunction stepped(x: number): number { return x + (stepped as unknown as { by: number }).by }')
    await notebook.run('Object.assign(scaled, { by: 3 }); Object.assign(stepped, { by: 10 })')
    expect(await notebook.value('%%task\nconst both = [scaled(2), stepped(2)]\nboth')).toBe('[ 6, 12 ]')
    await notebook.run('%%task\nfunction shifted(x: number): number { return x + ((shifted as unknown as { by?: number }).by ?? 0) }\nconst moved = (x: number): number => x + ((moved as unknown as { by?: number }).by ?? 0)')
    await notebook.run('Object.assign(shifted, { by: 2 }); Object.assign(moved, { by: 4 })')
    expect(await notebook.value('[await shifted(1), await moved(1)]')).toBe('[ 3, 5 ]')
    await notebook.run('%%task\nconst tagged = Object.assign((x: number): number => x, { by: 2 })')
    expect(await notebook.value('tagged.by')).toBe('2')
  })

  test('a static function given by name is the one of the notebook; one put there later, and a patched method, are refused by name', async () => {
    await notebook.run('const parseRow = (row: string): string[] => row.split(",")\nclass Rows { static parse = parseRow; static now = Date.now; read(): number { return 1 } }')
    expect(await notebook.value('%%task\nconst row = Rows.parse("a,b")\nrow')).toBe("[ 'a', 'b' ]")
    await notebook.run('Rows.prototype.read = function () { return 2 }')
    expect((await notebook.fail('%%task\nconst read = new Rows().read()')).message).toMatch(/`Rows\.prototype\.read` was replaced after `Rows` was declared/)
    await notebook.run('class Cols { static parse = parseRow }\nCols.parse = (row) => row.split(";")\nconst width = (): number => Cols.parse("a;b").length')
    await notebook.run('Cols.parse = (row) => [row]')
    expect((await notebook.fail('%%task\nconst wide = width()')).message).toMatch(/`Cols\.parse` is a function that was put on it/)
  })

  test('a static field that cannot travel is refused by class and field', async () => {
    await notebook.run('class Registry { static handlers = new Map<string, () => number>() }\nRegistry.handlers.set("one", () => 1)')
    expect((await notebook.fail('%%task\nconst one = Registry.handlers.get("one")')).message).toMatch(/Registry\.handlers.*function/)
  })

  test('frozen and sealed values stay so in a task and on the way back', async () => {
    await notebook.run('const limits = Object.freeze({ low: 1, list: Object.freeze([1]) })\nconst sealed = Object.seal({ a: 1 })')
    expect(await notebook.value('%%task\nconst kinds = [Object.isFrozen(limits), Object.isFrozen(limits.list), Object.isSealed(sealed), Object.isFrozen(sealed)]\nconst fixed = Object.freeze([1, 2])\nkinds')).toBe('[ true, true, true, false ]')
    expect(await notebook.value('Object.isFrozen(fixed)')).toBe('true')
  })
})

describe('how a cell is written', () => {
  test('a function declared below a magic line can be called above it, and errors in it show the line as typed', async () => {
    const cell = await notebook.run('const doubled: number = below(1)\n%who\n// far down\nfunction below(x: number): number\nfunction below(x: number): number {\n  return 2 * x\n}\n%who\nexport function lowest(): never { throw new RangeError("low") }\ndoubled')
    expect(notebook.output.result(cell)).toBe('2')
    expect(plain((await notebook.fail('1\n%who\nlowest()')).traceback)).toContain(`cell-${cell.slice(1)}`)
    expect(await notebook.value('%%time\nabove()\n%who\nfunction above(): number { return 4 }\nabove()')).toBe('4')
  })

  test('comments above %%task are no code', async () => {
    const cell = await notebook.run('// fits the model\n/* over\n   two lines */\n\n%%task\n// below\nconst fitted = process.pid')
    expect(cardOf(cell)?.run.state.type).toBe('COMPLETED')
    const error = await notebook.fail('/* a */ const x = 1\n%%task\nx')
    expect(error.message).toMatch(/line 2: %%task acts on a whole cell/)
    expect(plain((await notebook.fail('// note\n%%task\nconst wrongPlace = JSON.parse("{")')).traceback)).toContain('line 3')
  })

  test('%%task over nothing but comments says so and starts no run', async () => {
    const error = await notebook.fail('%%task\n// later\n/* much later */')
    expect(error.message).toMatch(/%%task has nothing to run: there are only comments under it/)
    expect(cardOf(error.cellId)).toBeUndefined()
    expect((await notebook.fail('%%submit\n// later')).message).toMatch(/nothing to run/)
  })

  test('line ends of Windows in a template are those of JavaScript, in the session and in a task', async () => {
    const cell = 'const page = `a\r\nb`\r\n;[page, page.length]'
    expect(await notebook.value(cell)).toBe("[ 'a\\nb', 3 ]")
    expect(await notebook.value(`%%task\r\n${cell}`)).toBe("[ 'a\\nb', 3 ]")
  })

  test('a name read by a function of the cell before the cell declares it anew is an error that says why', async () => {
    await notebook.run('const height = 2')
    const error = await notebook.fail('%%task\nconst readHeight = (): number => height\nconst early = readHeight()\nconst height = 3')
    expect(error.message).toMatch(/Cannot access 'height' before initialization: the cell declares height further down.*older height of the notebook/)
  })
})

describe('what a task leaves behind', () => {
  test('a timer that fires after the last line is told on the card; one that is awaited or cleared is not', async () => {
    const left = await notebook.run('%%task\nsetTimeout(() => console.log("late"), 60_000)\nconsole.log("end")')
    expect(cardOf(left)?.run.warnings.join()).toMatch(/a timer was still at work when the last line had ended: what it prints or does later is lost/)
    const kept = await notebook.run('%%task\nlet timer: NodeJS.Timeout | undefined = setTimeout(() => {}, 60_000)\nawait new Promise((resolve) => setTimeout(() => { console.log("in time"); resolve(0) }, 1))\nclearTimeout(timer)\ntimer = undefined\nconst stopped = 1')
    expect(notebook.output.streams(kept)).toBe('in time\n')
    expect(cardOf(kept)?.run.warnings).toEqual([])
  })

  test('a variable declared with using is disposed of and is no output', async () => {
    const cell = await notebook.run('%%task\nusing handle = { level: 1, [Symbol.dispose]() { console.log("closed") } }\nconst level = handle.level')
    expect(notebook.output.streams(cell)).toBe('closed\n')
    expect(cardOf(cell)?.run.outputNames).toEqual(['level'])
    expect(await notebook.value('[level, typeof handle]')).toBe("[ 1, 'undefined' ]")
  })

  test('a generator and a getter among the outputs are refused in words', async () => {
    expect((await notebook.fail('%%task\nfunction* count(): Generator<number> { yield 1 }\nconst counting = count()')).message).toMatch(/counting.*iterator.*\[\.\.\.value\]/)
    expect((await notebook.fail('%%task\nconst lazy = { get size(): number { return 1 } }')).message).toMatch(/lazy\.size.*getter/)
  })

  test('a call that is not awaited yet has the argument as it was at the call', async () => {
    await notebook.run('%%task\nasync function first(list: number[], more: Float64Array): Promise<number[]> { return [list[0]!, more[0]!] }')
    expect(await notebook.value('const list = [1], more = new Float64Array([2])\nconst promise = first(list, more)\nlist[0] = 99\nmore[0] = 99\nawait promise')).toBe('[ 1, 2 ]')
    await notebook.run('%%task\nfunction firstOfAll(list: Float64Array): number { return list[0]! }')
    expect(await notebook.value('const column = new Float64Array([7])\nconst columns = firstOfAll.map([column, column])\ncolumn[0] = 1\nawait columns')).toBe('[ 7, 7 ]')
    expect(await notebook.value('const future = first.submit(list, more)\nlist[0] = 5\nmore.fill(5)\nawait future')).toBe('[ 99, 99 ]')
  })
})
