import { describe, expect, test } from 'vitest'
import type { KnownCell } from '../../../kernel/cell/notebook-names.ts'
import { checkCellParameters } from '../../../magics/parameter-check.ts'
import { analyzeCell } from '../../../src/code/cell-analysis.ts'

const source = "const n = 15\nlet mode: 'fast' | 'slow' = 'fast'\nconst sizes = [1, 2]\nconst deep = { a: 1, b: ['x'] }\nconst on = true\nconst computed = n * 2"
const cell: KnownCell = { name: 'sweep', kind: 'flow', source, analysis: analyzeCell(source), options: {}, extraInputs: [], extraOutputs: [] }
const check = (values: Record<string, unknown>) => () => checkCellParameters(cell, values)

describe('parameters of a flow cell', () => {
  test('values of the same shape are taken, a union is as wide as its literal', () => {
    expect(check({ n: -3.5, mode: 'exact', sizes: [], deep: { a: 2, b: [] }, on: false })).not.toThrow()
  })

  test.each([
    [{ n: '30' }, /parameter n of sweep is number, but got "30" \(string\)/],
    [{ n: null }, /got null \(null\)/],
    [{ sizes: 3 }, /parameter sizes of sweep is number\[\], but got 3/],
    [{ sizes: [1, 'x'] }, /got \[1,"x"\]/],
    [{ deep: { a: 1 } }, /parameter deep of sweep/],
    [{ deep: { a: 1, b: [], c: 2 } }, /parameter deep of sweep/],
    [{ on: 'yes' }, /is boolean/],
    [{ mod: 'slow' }, /no parameter mod: did you mean mode\?/],
    [{ computed: 3 }, /no parameter computed.*It takes n: number, mode: string/],
  ])('%j is refused before anything starts', (values, message) => {
    expect(check(values)).toThrow(message)
    expect(check(values)).toThrow(/nothing was started/)
  })
})
