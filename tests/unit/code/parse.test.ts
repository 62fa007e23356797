import { describe, expect, test } from 'vitest'
import { canonicalText, digestOf } from '../../../src/code/canonical.ts'
import { isKnownGlobal } from '../../../src/code/globals.ts'
import { moduleRequests, parseErrors } from '../../../src/code/parse.ts'
import { decodeMappings, originalPosition } from '../../../src/code/source-map.ts'
import { stripTypes } from '../../../src/code/strip.ts'

describe('unfinished and wrong code', () => {
  test.each(['const x = {', 'f(', '`a ${b', '`abc', '/* abc', 'if (a) {\n', 'const x =', 'a.', 'for (', '@dec', 'import {a} from', 'class A {  \n  '])('%j could go on', (source) => {
    expect(parseErrors(source).some((error) => error.isAtEnd)).toBe(true)
  })
  test.each(["'abc", 'const x: = 5\nlet y', '}', 'a\n😀\nb', 'f(1 2)\ng()'])('%j is wrong whatever follows', (source) => {
    const errors = parseErrors(source)
    expect(errors).not.toEqual([])
    expect(errors.some((error) => error.isAtEnd)).toBe(false)
  })
  test('places count characters, not bytes', () => {
    expect(parseErrors('const s = "😀é"; let x: = 5')[0]).toMatchObject({ offset: 24, line: 1, column: 25 })
  })
})

describe('canonical text', () => {
  test.each([
    ['quotes', "f('a\"b')", 'f("a\\"b")'], ['parentheses', '((a + b)) * (c)', '(a + b) * c'], ['semicolons and lines', 'a();;\nb()', 'a(); b();'],
    ['comments everywhere', '/*a*/f(/*b*/1,//c\n2)//d', 'f(1,2)'], ['numbers', '0x10 + 1.50 + 1e3', '16 + 1.5 + 1000'], ['a slash that is no comment', 'x = /\\/\\*/ // regex', 'x = /\\/\\*/'],
  ])('%s do not count', (_name, a, b) => {
    expect(canonicalText(a)).toBe(canonicalText(b))
  })
  test.each([
    ['text of a string', '"a b"', '"a  b"'], ['text of a template', '`\n;\n`', '`\n\n`'], ['needed parentheses', '(a + b) * c', 'a + b * c'], ['an empty loop body', 'while (a) ; b()', 'while (a) b()'],
    ['a regular expression', '/a/', '/a/g'], ['a key', '({ a: 1 })', '({ b: 1 })'],
  ])('%s counts', (_name, a, b) => {
    expect(digestOf(a)).not.toBe(digestOf(b))
  })
})

test('every import of a module is found, in whatever form', () => {
  expect(moduleRequests("import a from 'a'; import 'b'; export * from 'c'; export { d } from 'd'; const e = await import('e'); const f = require('f'); import(g)")).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

test('a place in the JavaScript leads back to the text as typed', () => {
  const source = 'interface A { x: number }\n\nconst a: A = { x: 1 }\nthrow a'
  const { code, map } = stripTypes(source, 'cell.ts', { wantsMap: true })
  const line = code.split('\n').findIndex((text) => text.startsWith('throw')) + 1
  expect(originalPosition(decodeMappings(map!), line, 1)).toEqual({ line: 4, column: 1 })
})

test('globals of Node and of cells are known, notebook names are not', () => {
  expect(['console', 'structuredClone', 'Buffer', 'display', 'require', 'undefined'].every(isKnownGlobal)).toBe(true)
  expect(['foo', 'window', 'toString', 'constructor'].some(isKnownGlobal)).toBe(false)
})
