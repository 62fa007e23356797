/**
 * Owns the rules of the compiled cell: what becomes a name of the notebook, what is handed back, where each piece came from.
 */
import { expect, test } from 'vitest'
import { compileCell } from '../../../kernel/cell/transform.ts'
import { CellSources } from '../../../kernel/session/script-positions.ts'
import { analyzeCell } from '../../../src/code/cell-analysis.ts'

const compile = (source: string) => compileCell(source, { filename: '/nb/cell-1.ts', analysis: analyzeCell(source) })
const body = (source: string) => compile(source).script.replace(/^\((async )?function\(\$lf\)\{'use strict';/, '').replace(/\n\}\)$/, '').trim()

test('declarations become assignments to names of the notebook', () => {
  const { declared } = compile('import a, { b as c } from "x"; import type { T } from "y"; const d = 1; let { e, ...f } = d as any; export function g() {}\nclass H {}\nenum I { A }\nfor (var j = 0; j < 1; j++) { var k = 1; const inner = 2 }')
  expect(declared).toEqual(['a', 'c', 'd', 'e', 'f', 'g', 'H', 'I', 'j', 'k'])
  expect(body('const d = 1')).toBe('(d = 1);')
  expect(body('let x')).toBe('(x=undefined);')
})

test('only a cell that awaits or imports is asynchronous', () => {
  expect(compile('1 + 1').script).toMatch(/^\(function/)
  expect(compile('const f = async () => { await 1 }').script).toMatch(/^\(function/)
  expect(compile('await 1').script).toMatch(/^\(async function/)
  expect(compile('import "x"').script).toMatch(/^\(async function/)
})

test('the last expression is handed back in a box', () => {
  expect(body('1, 2')).toBe('return [(1, 2)];')
  expect(body('"text"')).toBe('return [("text")];')
  expect(body('const a = 1')).not.toContain('return')
  expect(body('interface A { b: number }\n5\ntype C = A')).toBe('return [(5)];')
})

test('import attributes and missing exports keep their words', () => {
  expect(body('import data from "./d.json" with { type: "json" }')).toBe('const $lfModule0=await import("./d.json",{with:{"type":"json"}});data=$lf.pick($lfModule0,"default","./d.json");')
})

test('an enum declared again does not meet its former members', () => {
  expect(body('enum E { A }')).toMatch(/^E=undefined;/)
})

test('places in the script lead back to the cell as typed', () => {
  const source = 'interface Row { a: number }\n\n// comment\nconst before: number = 1\nfunction late(x: number): number {\n\n  return broken(x)\n}\nlate(before)'
  const cell = compile(source)
  const cells = new CellSources()
  for (const word of ['broken(x)', 'late(before)']) {
    const offset = cell.script.indexOf(word)
    const lines = cell.script.slice(0, offset).split('\n')
    const typed = source.slice(0, source.indexOf(word)).split('\n')
    expect(cells.placeOf(cell, lines.length, lines.at(-1)!.length + 1)).toEqual({ line: typed.length, column: typed.at(-1)!.length + 1 })
  }
})

test('a syntax error is refused with line, column and caret', () => {
  expect(() => compile('const a = (')).toThrowError(/line 1, column 12[\s\S]*\^/)
})
