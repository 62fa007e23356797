import { describe, expect, test } from 'vitest'
import { cutTokens, parseOptionLine, readValue } from '../../../src/config/option-line.ts'
import { CELL_OPTIONS, RUN_OPTIONS, runOptionsOf } from '../../../src/config/option-table.ts'

const read = (line: string) => parseOptionLine(line, [...RUN_OPTIONS, ...CELL_OPTIONS], { magic: '%%task', maxWords: 1, hasParameters: true })

describe('options of a magic line', () => {
  test('values come after a blank or an equals sign', () => {
    const { words, options } = read('fit --retries 2 --retry-delay=10s,30s,1m --timeout 1.5m --tag a,b --tag c --name "night run"')
    expect(words).toEqual(['fit'])
    expect(runOptionsOf(options)).toEqual({ retries: 2, retryDelay: { kind: 'list', delaysMs: [10_000, 30_000, 60_000] }, timeoutMs: 90_000, tags: ['a', 'b', 'c'] })
    expect(options.name).toBe('night run')
  })

  test('--cache takes its value only with an equals sign', () => {
    expect(read('--cache').options.cache).toEqual({ expiresAfterMs: null })
    expect(read('--cache=2h').options.cache).toEqual({ expiresAfterMs: 7_200_000 })
    const { words, options } = read('--cache fit')
    expect(words).toEqual(['fit'])
    expect(options.cache).toEqual({ expiresAfterMs: null })
  })

  test('exponential delays and error filters are read', () => {
    const { options } = read('--retry-delay exp:2s --retry-on TypeError,/ECONN/ --retry-jitter 0.5 --seed 7 --in a,b --out c')
    expect(options).toMatchObject({ retryDelay: { kind: 'exponential', firstMs: 2000 }, retryOn: ['TypeError', '/ECONN/'], retryJitter: 0.5, seed: 7, in: ['a', 'b'], out: ['c'] })
  })

  test.each([
    ['--retrys 2', /has no option --retrys: did you mean --retries\?/],
    ['--retries', /--retries needs a value/],
    ['--retries two', /--retries got "two", but takes a whole number/],
    ['--retries -1', /--retries got "-1"/],
    ['--timeout 5', /--timeout got "5".*10s/],
    ['--timeout ten', /--timeout got "ten".*500ms, 10s/],
    ['--cache=', /--cache needs a value/],
    ['--refresh=yes', /--refresh takes no value/],
    ['--retry-jitter 2', /number from 0 to 1/],
    ['--retry-on /(/', /class names/],
    ['--in data/*.csv', /names of notebook variables/],
    ['fit twice', /takes one name at most, so "twice" is too much/],
    ['fit -r 2', /options begin with two dashes/],
    ['--name "open', /never closed/],
    ['a=[1', /never closed/],
  ])('%s is refused in words', (line, message) => {
    expect(() => read(line)).toThrow(message)
  })

  test('parameters are JSON, relaxed JSON, or plain words', () => {
    const { words, parameters } = read(`umap n=30 d=0.1 big=1_000 neg=-2e-3 ok=true none=null s="a b" t='c d' w=fast l=[1, 2, 3] o={a: 1, 'b': "x: y", c: [true,]}`)
    expect(words).toEqual(['umap'])
    expect(parameters).toEqual({ n: 30, d: 0.1, big: 1000, neg: -0.002, ok: true, none: null, s: 'a b', t: 'c d', w: 'fast', l: [1, 2, 3], o: { a: 1, b: 'x: y', c: [true] } })
  })

  test('brackets that hold neither are refused, naming the parameter', () => {
    expect(() => readValue('[1, oops]', 'b')).toThrow(/b=\[1, oops\] cannot be read/)
  })

  test('an apostrophe inside a word opens no string', () => {
    expect(cutTokens("it's fine", '%x')).toEqual(["it's", 'fine'])
  })
})
