/**
 * Owns what a console user expects after Enter: run it, go on typing, or be told that it is wrong.
 */
import { expect, test } from 'vitest'
import { checkCompleteness } from '../../../kernel/cell/completeness.ts'

test.each(['1 + 1', 'const a = 1', 'function f() { return 1 }', '', '// only a comment', 'await f()'])('%j is complete', (source) => {
  expect(checkCompleteness(source)).toEqual({ status: 'complete', indent: '' })
})

test.each([['function f() {', '  '], ['const a = [\n  1,', '  '], ['  f(', '    '], ['1 +', ''], ['`text', ''], ['/* text', '']])('%j wants more', (source, indent) => {
  expect(checkCompleteness(source)).toEqual({ status: 'incomplete', indent })
})

test.each(['foo(]', 'const const', 'a b', '"text'])('%j is wrong', (source) => {
  expect(checkCompleteness(source).status).toBe('invalid')
})
