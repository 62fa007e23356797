/** Owns the proof that a wrong word on `labflow run file.ts` is refused by name, type and value before anything starts. */
import { expect, test } from 'vitest'
import { readArguments, readValue, signatureHelp } from '../../../src/cli/flow-arguments.ts'
import type { FlowSignature } from '../../../src/code/flow-signature.ts'

const parameter = (name: string, type: string, defaultText: string | null = null) => ({ name, type, defaultText, isOptional: defaultText !== null, help: '' })
const SIGNATURE: FlowSignature = {
  kind: 'flow',
  exportName: 'umapAnalysis',
  name: 'umap-analysis',
  help: 'Embeds and clusters.',
  parameters: [parameter('numNeighbors', 'number', '15'), parameter('selectedIds', 'string[]', '[]'), parameter('isQuick', 'boolean', 'false'), parameter('mode', "'fast' | 'exact'", "'fast'"), parameter('storedFiles', 'string')],
}

test('words become values of the declared types', () => {
  const words = ['--numNeighbors', '30', '--selected-ids=a,b', '--isQuick', '--mode', 'exact', '--storedFiles', '7']
  expect(readArguments(words, SIGNATURE)).toEqual({ numNeighbors: 30, selectedIds: ['a', 'b'], isQuick: true, mode: 'exact', storedFiles: '7' })
})

test('text for a number is refused with name, type and value', () => {
  expect(() => readArguments(['--numNeighbors', 'abc', '--storedFiles', 'x'], SIGNATURE)).toThrow('numNeighbors must be number, and got "abc"')
})

test('a misspelt parameter is answered with the near one', () => {
  expect(() => readArguments(['--numNeighbours', '3'], SIGNATURE)).toThrow('did you mean --numNeighbors?')
})

test('a missing parameter without default is named with its type', () => {
  expect(() => readArguments([], SIGNATURE)).toThrow('missing --storedFiles <string>')
})

test('lists take commas or JSON, and each member is checked', () => {
  expect(readValue('1,2', { name: 'ids', type: 'number[]' })).toEqual([1, 2])
  expect(readValue('[1, 2]', { name: 'ids', type: 'Array<number>' })).toEqual([1, 2])
  expect(() => readValue('1,x', { name: 'ids', type: 'number[]' })).toThrow('ids must be number, and got "x"')
})

test('the help shows every parameter with its type and default', () => {
  const text = signatureHelp('umap.ts', SIGNATURE, [SIGNATURE])
  expect(text).toContain('--numNeighbors <number>')
  expect(text).toContain('(15)')
  expect(text).toContain('(required)')
})
