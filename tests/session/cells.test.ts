/**
 * Owns what a notebook's user expects of cells: names, imports, results, errors.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NotebookSession } from './notebook-session.ts'

let notebook: NotebookSession
beforeAll(async () => {
  notebook = new NotebookSession()
  await notebook.client.start()
})
afterAll(() => notebook.close())

test('a const, a class and an enum can be declared again, and a const of an earlier cell assigned', async () => {
  await notebook.run('const a = 1; class C { x = 1 }; enum E { A = 3, B }')
  expect(await notebook.value('const a: number = 2; class C { x = 2 }; enum E { B }\n;[a, new C().x, E.B, E["A" as any]]')).toBe('[ 2, 2, 0, undefined ]')
  expect(await notebook.value('a = 5; a')).toBe('5')
})

test('a function of an earlier cell sees values and functions that later cells give', async () => {
  await notebook.run('let n = 1; const get = () => n; function g() { return 1 } function h() { return g() + n }')
  expect(await notebook.value('n = 7; function g() { return 2 }\n;[get(), h()]')).toBe('[ 7, 9 ]')
})

test('functions are there before their declaration, and keep their name', async () => {
  expect(await notebook.value('const v = twice(4); function twice(x: number) { return 2 * x }\n;[v, twice.name]')).toBe("[ 8, 'twice' ]")
})

test('top-level await, for await and destructuring with defaults work', async () => {
  expect(await notebook.value('const { p, q: [r = 9, ...s], ...t } = await Promise.resolve({ p: 1, q: [undefined, 3, 4], u: 5 } as any); [p, r, s, t]')).toBe('[ 1, 9, [ 3, 4 ], { u: 5 } ]')
  expect(await notebook.value('async function* items() { yield 1; yield 2 }\nlet sum = 0; for await (const item of items()) sum += item\nsum')).toBe('3')
})

test('var inside blocks and loops belongs to the notebook', async () => {
  await notebook.run('if (true) { var inBlock = 3 } for (var index = 0; index < 4; index++) { var { deep } = { deep: index } } if (inBlock) var bare = 1; else var bare = 2')
  expect(await notebook.value('[inBlock, index, deep, bare]')).toBe('[ 3, 4, 3, 1 ]')
})

test('the last expression is the result; declarations, undefined and display show none', async () => {
  expect(await notebook.value('({ a: 1 })')).toBe('{ a: 1 }')
  expect(await notebook.value('"text"')).toBe("'text'")
  expect(await notebook.value('1, 2')).toBe('2')
  expect(await notebook.value('const silent = 1')).toBe(undefined)
  expect(await notebook.value('undefined')).toBe(undefined)
  expect(await notebook.value('-0')).toBe('-0')
  expect(await notebook.value('display(html`<b>${"<"}</b>`)')).toBe(undefined)
  expect(notebook.displays.at(-1)).toMatchObject({ cellId: notebook.cellId, data: { 'text/html': '<b>&lt;</b>' }, isUpdate: false })
})

test('a display handle replaces what it showed', async () => {
  await notebook.run('const shown = display(1, { id: "same" })')
  await notebook.run('shown.update(2)')
  expect(notebook.displays.slice(-2).map(({ data, displayId, isUpdate }) => [data['text/plain'], displayId, isUpdate])).toEqual([['1', 'same', false], ['2', 'same', true]])
})

test('built-in, CommonJS and ESM-only packages import', async () => {
  for (const [name, text, type] of [['plain', 'exports.one = 1; module.exports = Object.assign(() => 5, { late: 2 })', 'commonjs'], ['modern', 'export const two = 2; export default class Modern {}', 'module']] as const) {
    mkdirSync(join(notebook.folder, 'node_modules', name), { recursive: true })
    notebook.file(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', type, main: 'index.js' }))
    notebook.file(`node_modules/${name}/index.js`, text)
  }
  const cell = 'import { join } from "node:path"; import * as os from "node:os"; import plain, { late } from "plain"; import Modern, { two } from "modern"\n'
  expect(await notebook.value(`${cell}[join("a", "b"), typeof os.cpus, plain(), late, two, Modern.name]`)).toBe("[ 'a/b', 'function', 5, 2, 2, 'Modern' ]")
  expect(await notebook.value('join("later", "cell")')).toBe("'later/cell'")
})

test('an import of a name that the module lacks says module and name', async () => {
  const error = await notebook.error('import { nope } from "node:path"')
  expect(error.message).toBe("The requested module 'node:path' does not provide an export named 'nope'")
})

test('a local TypeScript file reloads after an edit, with what depends on it', async () => {
  notebook.file('inner.ts', 'export const base: number = 1')
  notebook.file('outer.ts', 'import { base } from "./inner.ts"\nexport const answer = base * 10')
  expect(await notebook.value('import { answer } from "./outer.ts"; answer')).toBe('10')
  notebook.file('inner.ts', 'export const base: number = 4')
  expect(await notebook.value('import { answer } from "./outer.ts"; answer')).toBe('40')
  expect(await notebook.value('const lazily = await import("./outer"); lazily.answer')).toBe('40')
})

test('an error shows the cell line with a caret, also in a function of an earlier cell, and no frame of Labflow', async () => {
  await notebook.run('interface Row { a: number }\n\n// a comment\nfunction boom(row: Row): number {\n  return (row as any).missing.deep\n}')
  const first = notebook.cellId
  const error = await notebook.error('const row = { a: 1 }\n\nawait null\nboom(row)')
  expect(error).toMatchObject({ name: 'TypeError', message: "Cannot read properties of undefined (reading 'deep')" })
  expect(error.traceback).toEqual([
    "TypeError: Cannot read properties of undefined (reading 'deep')",
    `  ${first} line 5:31 in boom`,
    '    3 | // a comment',
    '    4 | function boom(row: Row): number {',
    '  → 5 |   return (row as any).missing.deep',
    '      |                               ^',
    `  ${notebook.cellId} line 4:1`,
    '  → 4 | boom(row)',
    '      | ^',
  ])
})

test('causes, members of an AggregateError and thrown values are shown', async () => {
  const error = await notebook.error('throw new AggregateError([new TypeError("one"), 5], "several", { cause: new Error("below") })')
  expect(error.cause?.message).toBe('below')
  expect(error.errors?.map((member) => member.message)).toEqual(['one', '5'])
  expect(error.traceback.join('\n')).toMatch(/Caused by:[\s\S]*below[\s\S]*Error 1 of 2:[\s\S]*TypeError: one[\s\S]*Error 2 of 2:/)
  expect(await notebook.error('throw { code: 3 }')).toMatchObject({ name: 'Object', message: '{ code: 3 }' })
})

test('a name called like one of ours wins', async () => {
  expect(await notebook.value('const display = 5, process = "mine", console2 = 1; [display, process]')).toBe("[ 5, 'mine' ]")
  await notebook.client.restart()
})

test('prompt and confirm get their answer from the notebook', async () => {
  notebook.answerInput = 'y'
  expect(await notebook.value('[await prompt("name?"), await confirm("sure?")]')).toBe("[ 'y', true ]")
})

test('live names are described without running a getter', async () => {
  await notebook.run('let touched = 0; const holder = { get trap() { touched++; return 1 }, inner: { list: [1, 2] } }')
  const described = await notebook.client.describe('holder')
  expect(described.properties).toContainEqual({ name: 'trap', kind: 'getter' })
  expect((await notebook.client.describe('holder.inner.list')).preview).toBe('[ 1, 2 ]')
  expect((await notebook.client.describe('holder.trap')).exists).toBe(false)
  const { value } = await notebook.client.ask<{ name: string; kind: string }[]>({ type: 'variables' })
  expect(value.map(({ name }) => name)).toEqual(expect.arrayContaining(['touched', 'holder']))
  expect(await notebook.value('touched')).toBe('0')
})

test('reading a pending name says which run, and assigning it ends the wait', async () => {
  await notebook.client.ask({ type: 'mark-pending', names: ['emb'], runShortId: 'r7' })
  expect((await notebook.error('emb + 1')).message).toMatch(/emb is a result of run r7/)
  expect(await notebook.value('emb = 3; emb')).toBe('3')
})
