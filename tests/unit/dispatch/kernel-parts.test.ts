/** Small parts of the protocol side: versions, errors, questions about names. */
import { expect, test } from 'vitest'
import { errorContent, recordOf } from '../../../kernel/error-content.ts'
import { helpQueryOf } from '../../../kernel/help-query.ts'
import { kernelInfo } from '../../../kernel/kernel-info.ts'
import { nodeProblem } from '../../../kernel/node-version.ts'

test.each(['20.18.1', '22.14.9', '18.0.0'])('Node %s gets one plain sentence', (version) => {
  expect(nodeProblem(version)).toMatch(new RegExp(`^Labflow needs Node 22\\.15 or newer, this is Node ${version} .*\\.$`))
})

test.each(['22.15.0', '24.21.0', '23.0.0'])('Node %s is fine', (version) => {
  expect(nodeProblem(version)).toBe(null)
})

test('a traceback starts with name and message, and shows causes and members', () => {
  const { ename, traceback } = errorContent({
    name: 'AggregateError',
    message: 'all failed',
    traceback: ['    at cell-3.ts:2:1'],
    cause: { name: 'RangeError', message: 'too far', traceback: [] },
    errors: [{ name: 'TypeError', message: 'one', traceback: [] }],
  })
  expect(ename).toBe('AggregateError')
  const lines = traceback.map((line) => line.replace(/\u001b\[\d+m/g, ''))
  expect(lines).toEqual(['AggregateError: all failed', '    at cell-3.ts:2:1', 'Caused by: RangeError: too far', 'One of them: TypeError: one'])
})

test('a traceback that brings its own headline gets no second one', () => {
  expect(errorContent({ name: 'SyntaxError', message: 'Expected ;', traceback: ['SyntaxError: Expected ;', 'let x y', '      ^'] }).traceback).toHaveLength(3)
})

test('a traceback that tells its causes is not told them again', () => {
  const cause = { name: 'TypeError', message: 'b', traceback: [] }
  expect(errorContent({ name: 'Error', message: 'a', traceback: ['Error: a\n\nCaused by:\nTypeError: b'], cause }).traceback).toHaveLength(1)
})

test('code that cannot be read is a SyntaxError', () => {
  const { ename, traceback } = errorContent({ name: 'LabflowError', code: 'BAD_CODE', message: 'Unexpected token', traceback: ['LabflowError BAD_CODE: Unexpected token'] })
  expect(ename).toBe('SyntaxError')
  expect(traceback.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(['SyntaxError: Unexpected token'])
})

test('anything thrown becomes a record without our own stack', () => {
  expect(recordOf(Object.assign(new TypeError('x'), { code: 'E1' }))).toEqual({ name: 'TypeError', message: 'x', code: 'E1', traceback: [] })
  expect(recordOf('plain')).toEqual({ name: 'Error', message: 'plain', traceback: [] })
})

test.each([
  ['f?', 'f', 0],
  [' a.b.c ?? ', null, null],
  ['a.b.c??', 'a.b.c', 1],
  ['?x', 'x', 0],
  ['??größe', 'größe', 1],
])('%s asks for %s', (code, expression, detail) => {
  expect(helpQueryOf(code)).toEqual(expression === null ? null : { expression, detail })
})

test.each(['a ? b : c', 'a?.b', 'x', 'f()?', '"?"', 'a ?? b'])('%s is no question', (code) => {
  expect(helpQueryOf(code)).toBe(null)
})

test('kernel_info says what front ends need and names no outside address', () => {
  const info = kernelInfo()
  expect(info).toMatchObject({ implementation: 'labflow', language_info: { name: 'typescript', mimetype: 'application/typescript', file_extension: '.ts', pygments_lexer: 'typescript' } })
  expect((info['language_info'] as { version: string }).version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(JSON.stringify(info)).not.toMatch(/https?:/)
})
