import { expect, test } from 'vitest'
import { nearMatch } from '../../../src/config/near-match.ts'

test.each([
  ['rus', ['runs', 'reset', 'env'], 'runs'],
  ['sumbit', ['submit', 'time'], 'submit'],
  ['retry-dealy', ['retry-delay', 'retry-jitter'], 'retry-delay'],
  ['canc', ['cancel', 'cd'], 'cancel'],
  ['xyzzy', ['runs', 'task'], null],
  ['a', ['cd', 'sh'], null],
])('%s is nearest to %s', (word, known, nearest) => {
  expect(nearMatch(word, known)).toBe(nearest)
})
