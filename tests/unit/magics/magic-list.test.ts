import { describe, expect, test } from 'vitest'
import { magicHelp } from '../../../kernel/cell/inspect.ts'
import { findMagic } from '../../../kernel/cell/magic.ts'
import type { MagicCall } from '../../../kernel/cell/magic-lines.ts'
import { magics } from '../../../magics/index.ts'

const call = (form: MagicCall['form'], name: string): MagicCall => ({ form, name, argument: '', line: 3, start: 0, end: 0 })

describe('the list of magics', () => {
  test.each(magics.map((magic) => [magic.name, magic] as const))('%s says how it is used, in each of its forms', (name, magic) => {
    for (const kind of magic.kinds) expect(magic.usage).toContain(kind === 'cell' ? `%%${name}` : kind === 'shell' ? '!' : `%${name}`)
    expect(magic.summary).toMatch(/^[A-Z].*\.$/s)
    const help = magicHelp(magic)
    for (const option of magic.options) expect(help).toContain(option.help)
  })

  test('names are given once', () => {
    expect(new Set(magics.map(({ name }) => name)).size).toBe(magics.length)
  })

  test('a misspelt magic is told the near one, a line also how modulo is written', () => {
    expect(() => findMagic(magics, call('line', 'rnus'))).toThrow('line 3: there is no magic %rnus; did you mean %runs? For modulo, write `% rnus` with a space.')
    expect(() => findMagic(magics, call('cell', 'taks'))).toThrow(/there is no magic %%taks; did you mean %%task\?$/)
    expect(() => findMagic(magics, call('line', 'qqqqqq'))).toThrow(/%lsmagic lists all/)
  })

  test('a magic in the wrong form is told the right one', () => {
    expect(() => findMagic(magics, call('cell', 'runs'))).toThrow(/%%runs exists only as %runs/)
    expect(() => findMagic(magics, call('line', 'sh'))).toThrow(/%sh exists only as %%sh/)
  })
})
