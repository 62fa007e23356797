import { describe, expect, test } from 'vitest'
import { analyzeCell, analyzeCellFully } from '../../../src/code/cell-analysis.ts'
import { runInNewContext } from 'node:vm'

describe('names of a cell', () => {
  test('a variable assigned in a nested function is an output, a shadowed one is not', () => {
    const analysis = analyzeCell('const f = () => { total = 1; [a, b.c] = [1, 2] }\nfunction g(count) { count++; let x = 1; x += 1 }')
    expect(analysis.assigned).toEqual(['total', 'a'])
    expect(analysis.declared).toEqual(['f', 'g'])
  })
  test('property keys, labels, catch parameters and types are no names of the notebook', () => {
    const analysis = analyzeCell('outer: for (const k of list) { try { o.key; ({ key: 1, [computed]: 2 }) } catch (error) { error; continue outer } }\nlet n: Unknown = <Other>v')
    expect(analysis.freeNames).toEqual(['list', 'o', 'computed', 'v'])
  })
  test('a var inside a block and every name of a pattern are declared', () => {
    expect(analyzeCell('if (x) { var hoisted = 1; let inner = 2 }\nconst { a, b: [c, ...d], ...e } = y').declared).toEqual(['hoisted', 'a', 'c', 'd', 'e'])
  })
  test('defaults of parameters, class fields and named function expressions see the right scope', () => {
    const analysis = analyzeCell('const f = function again(n = start) { var start; return again(n) }\nclass C { static made = C; #x = seed; m() { return arguments.length } }')
    expect(analysis.freeNames).toEqual(['start', 'seed'])
  })
  test('imports of every form are told apart', () => {
    expect(analyzeCell("import d, { a as b, type T } from 'x'\nimport * as ns from './y.ts'\nimport j from './j.json' with { type: 'json' }\nimport 'side'").imports).toEqual([
      { local: 'd', imported: 'default', specifier: 'x' },
      { local: 'b', imported: 'a', specifier: 'x' },
      { local: 'ns', imported: '*', specifier: './y.ts' },
      { local: 'j', imported: 'default', specifier: './j.json', attributes: { type: 'json' } },
    ])
  })
  test('a cell of comments only is empty', () => {
    expect(analyzeCell('// nothing\n/* here */')).toMatchObject({ declared: [], freeNames: [], definitions: [], isDefinitionCell: false })
  })
})

describe('in-place changes', () => {
  test.each([
    ['arr.push(1)', 'arr'], ['model.layers.push(x)', 'model'], ['model.x = 1', 'model'], ['delete o.k', 'o'], ['o?.k.list.sort()', 'o'], ['o.k++', 'o'],
    ['arr[0] = 1', 'arr'], ['const total = sum(arr.sort())', 'arr'], ['const f = () => { arr.fill(0) }', 'arr'], ['Object.assign(cfg, more)', 'cfg'],
    ['for (o.k of list) ;', 'o'], ['({ a: o.k } = v)', 'o'], ['m["set"](1, 2)', 'm'],
  ])('%s changes %s', (source, name) => {
    expect(analyzeCell(source).mutations.map((mutation) => mutation.name)).toEqual([name])
  })
  test.each(['arr.slice().sort()', 'const arr = []; arr.push(1)', '(arr) => arr.push(1)', 'this.x = 1', 'f().x = 1', 'arr.map(g)'])('%s changes nothing of the notebook', (source) => {
    expect(analyzeCell(source).mutations).toEqual([])
  })
  test('the line is the one the user typed, types and comments above it included', () => {
    expect(analyzeCell('interface A { x: number }\n\n// note\n\nlet a = 1\narr.push(a)').mutations).toEqual([{ name: 'arr', text: 'arr.push(a)', line: 6 }])
  })
})

describe('definitions and parameters', () => {
  test('functions in every spelling, classes, enums and namespaces are definitions', () => {
    const analysis = analyzeCell('function a() { return b() }\nconst b = async () => k\nconst k = 1\nenum E { X = 1 }\nnamespace N { export const v = k }\nclass C extends B {}\nconst t = task({ name: "t" }, async () => a())\nlater = () => 2')
    expect(analysis.definitions.map((definition) => [definition.name, definition.kind, definition.freeNames])).toEqual([
      ['a', 'function', ['b']], ['b', 'const-function', ['k']], ['k', 'data', []], ['E', 'enum', []], ['N', 'namespace', ['k']], ['C', 'class', ['B']],
      ['t', 'data', ['task', 'a']], ['later', 'const-function', []],
    ])
    expect(analysis.definitions.find((definition) => definition.name === 't')!.madeBy).toBe('task')
  })
  test('types, formatting, quotes, comments and parentheses leave a digest alone; a string does not', () => {
    const digest = (source: string): string => analyzeCell(source).definitions[0]!.digest
    const first = digest("function f(x: number): string { return 'a' + (x) }")
    expect(digest('/** doc */\nfunction f( x ) {\n  // why\n  return "a" /* here */ + x;\n}')).toBe(first)
    expect(digest("function f(x) { return 'a ' + x }")).not.toBe(first)
    expect(digest('const f = (x: any) => `//${x}`')).toBe(digest('const f = (x) => /* */ `//${x}`;'))
  })
  test('a cell of functions, types and imports is a definition cell; one value more makes it a run', () => {
    expect(analyzeCell("import a from 'a'\ntype T = 1\nenum E { A }\nconst f = async (x: T) => a(x)").isDefinitionCell).toBe(true)
    expect(analyzeCell('const f = () => 1\nconst K = 5').isDefinitionCell).toBe(false)
    expect(analyzeCell("import a from 'a'\ninterface T {}").isDefinitionCell).toBe(false)
  })
  test('names with a literal initialiser are parameters, with the type a let would have', () => {
    const { javascript, parameters } = analyzeCell("let n = -5, mode = 'fast'\nconst list: number[] = [1, 2]\nconst o = { a: 1, b: [null] }\nlet r = /x/, c = n + 1, big = 1n, u = undefined")
    expect(parameters.map(({ name, type, value }) => [name, type, value])).toEqual([
      ['n', 'number', -5], ['mode', 'string', 'fast'], ['list', 'number[]', [1, 2]], ['o', '{ a: number; b: null[] }', { a: 1, b: [null] }],
    ])
    expect(javascript.slice(parameters[0]!.start, parameters[0]!.end)).toBe('-5')
  })
  test('an await at the top is seen, one in a function is not', () => {
    expect(analyzeCell('await f()').hasTopLevelAwait).toBe(true)
    expect(analyzeCell('for await (const x of y) ;').hasTopLevelAwait).toBe(true)
    expect(analyzeCell('const f = async () => { await g() }').hasTopLevelAwait).toBe(false)
  })
})

describe('what Node cannot read as it stands', () => {
  test('a decorated class works and brings no compiler helper into the notebook', () => {
    const source = 'function twice(f: Function, c: ClassMethodDecoratorContext) { return function (this: unknown) { return 2 * f.call(this) } }\nexport class D { @twice m() { return 21 } }'
    const analysis = analyzeCell(source)
    expect(analysis.declared).toEqual(['twice', 'D'])
    expect(analysis.definitions.map((definition) => definition.kind)).toEqual(['function', 'class'])
    expect(runInNewContext(`${analysis.javascript.replaceAll('export ', '')}; new D().m()`)).toBe(42)
  })
  test('enums, const enums, namespaces and parameter properties run', () => {
    const { javascript } = analyzeCell('enum E { A = 3 }\nconst enum C { B = 4 }\nnamespace N { export const v = 5 }\nclass P { constructor(public x: number) {} }\nE.A + C.B + N.v + new P(6).x')
    expect(runInNewContext(javascript)).toBe(18)
  })
  test('a broken cell names line, column and reason, counted in characters', () => {
    expect(() => analyzeCell('const s = "😀é"\nconst x: = 5')).toThrowError(/at line 2, column 10\n {2}const x: = 5\n {11}\^/)
    try {
      analyzeCell('let a = "é😀"; let a = 1')
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_CODE', detail: { line: 1, column: 5 } })
    }
  })
  test('an import only used as a type stays unless it is marked as one', () => {
    expect(analyzeCellFully("import { A, type B } from 'x'").analysis.javascript).toContain('import { A } from "x"')
  })
})
