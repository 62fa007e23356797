/** Owns the proof that `--help` of a flow file tells names, types, defaults and words without running the file. */
import { expect, test } from 'vitest'
import { flowSignatures } from '../../../src/code/flow-signature.ts'

const FILE = `import { flow as makeFlow, task } from 'labflow'
interface Params {
  /** Points that count as near. */
  numNeighbors?: number
  features?: ('ion' | 'electron')[]
  path: string
}
/** Embeds events and finds clusters. */
export const explore = makeFlow({ name: 'explore-events', retries: 1 }, async ({ numNeighbors = 15, features = ['ion'], path }: Params) => path.repeat(numNeighbors) + features)
export const load = task(async () => 1)
export const other = notAFlow({ name: 'x' }, () => 1)
throw new Error('never run')
`

test('a flow shows its name, its words, and each parameter with type and default', () => {
  expect(flowSignatures(FILE, 'explore.ts')).toEqual([
    {
      kind: 'flow',
      exportName: 'explore',
      name: 'explore-events',
      help: 'Embeds events and finds clusters.',
      parameters: [
        { name: 'numNeighbors', type: 'number', defaultText: '15', isOptional: true, help: 'Points that count as near.' },
        { name: 'features', type: "('ion' | 'electron')[]", defaultText: "['ion']", isOptional: true, help: '' },
        { name: 'path', type: 'string', defaultText: null, isOptional: false, help: '' },
      ],
    },
    { kind: 'task', exportName: 'load', name: 'load', help: '', parameters: [] },
  ])
})

test('Partial and intersections of local types are looked through', () => {
  const source = `import { flow } from 'labflow'
type A = { a: number }
type B = { b?: string }
export const f = flow({ name: 'f' }, async ({ a = 1, b }: Partial<A> & B = {}) => [a, b])`
  expect(flowSignatures(source, 'f.ts')[0]?.parameters?.map(({ name, type }) => [name, type])).toEqual([['a', 'number'], ['b', 'string']])
})
