import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { type MagicNames, splitMagics } from '../../../kernel/cell/magic-lines.ts'

const NAMES: MagicNames = {
  isKnownName: (name) => ['flag', 'process'].includes(name),
  isKnownCallable: (name) => ['explore'].includes(name),
  hasRawBody: (name) => name === 'sh',
}
const split = (source: string) => splitMagics(source, NAMES)
const magicsOf = (source: string): string[] =>
  [...split(source).cellMagics, ...split(source).parts.flatMap((part) => (part.kind === 'magic' ? [part.call] : []))].map((call) => `${call.form}:${call.name}:${call.argument}`)

describe('magic lines', () => {
  test('a percent sign with a blank is modulo, without one a magic', () => {
    expect(magicsOf('const b = 2\nconst a = 5\n% b')).toEqual([])
    expect(magicsOf('const a = 5\n%runs')).toEqual(['line:runs:'])
    expect(magicsOf('  %runs --limit 3  ')).toEqual(['line:runs:--limit 3'])
    expect(magicsOf('a %b\nc%d')).toEqual([])
  })

  test.each([
    ['a template', 'const t = `\n%runs\n`'],
    ['a template inside a template', 'const t = `${`\n%runs\n`}`'],
    ['a hole of a template', 'const t = `${\n5\n%runs}`'],
    ['a block comment', '/*\n%runs\n*/'],
    ['brackets', 'const a = [5\n%runs\n]'],
    ['parentheses', 'f(5\n%runs)'],
    ['braces', 'function f() {\n%runs\n}'],
    ['a string that goes on', "const s = 'a\\\n%runs'"],
  ])('a percent line inside %s is no magic', (_where, source) => {
    expect(magicsOf(source)).toEqual([])
    expect(split(source).code).toBe(source)
  })

  test.each([
    ['a regex with a quote and a bracket', "const r = /['\"`({[]/\n%runs"],
    ['a regex with a slash in a class', 'const r = /[/`]/g\n%runs'],
    ['a regex after a condition', 'if (a) /`/.test(b)\n%runs'],
    ['a regex after return', 'const f = () => { return /`/ }\n%runs'],
    ['a division', 'const r = a / 2 / b\n%runs'],
    ['a division after a call', 'const r = f(1) / 2 // `\n%runs'],
    ['a division after an index', 'const r = a[0] / b[`/`]\n%runs'],
    ['a division after increment', 'let r = i++ / 2 // it\'s\n%runs'],
    ['a comment with a quote', "// it's `\n%runs"],
    ['a string with a comment start', "const u = 'http://x/*'\n%runs"],
    ['a template with braces', 'const t = `a ${ {a: `}`}.a } b`\n%runs'],
    ['an escaped backtick', 'const t = `\\``\n%runs'],
    ['a non-null assertion before a division', 'const q = a! / b! / c\n%runs'],
    ['windows line ends', 'const a = 1\r\n%runs\r'],
  ])('a magic after %s is found', (_where, source) => {
    expect(magicsOf(source)).toEqual(['line:runs:'])
  })

  test('magic lines are blanked to equal length, so that positions hold', () => {
    const source = '%%time\nconst a = 1\n%who\nboom()'
    const { code } = split(source)
    expect(code.length).toBe(source.length)
    expect(code).toBe('      \nconst a = 1\n    \nboom()')
    expect(code.indexOf('boom')).toBe(source.indexOf('boom'))
  })

  test('magics and code run in the order in which they are written', () => {
    const { parts } = split('a\n%who\nb\n%runs')
    expect(parts.map((part) => (part.kind === 'code' ? part.source.trim() : `%${part.call.name}`))).toEqual(['a', '%who', 'b', '%runs'])
    expect(parts.filter((part) => part.kind === 'code').map((part) => part.source.length)).toEqual([14, 14])
  })

  test('cell magics stack at the top, after blank lines too', () => {
    const { cellMagics, code } = split('\n%%time\n\n%%task fit --retries 2\nlet x = 1')
    expect(cellMagics.map(({ name, argument, line }) => [name, argument, line])).toEqual([['time', '', 2], ['task', 'fit --retries 2', 4]])
    expect(code.trim()).toBe('let x = 1')
  })

  test('a cell magic below code is refused before anything runs', () => {
    expect(() => split('const a = 1\n%%task\n2')).toThrow(/line 2: %%task acts on a whole cell.*nothing was run/s)
    expect(() => split('%who\n%%task\n2')).toThrow(/line 2/)
    expect(() => split('%%time\nconst a = 1\n%%task\n2')).toThrow(/line 3/)
    expect(split('const t = `\n%%task\n`').cellMagics).toEqual([])
  })

  test('%submit, %task and %flow on the first line over code act on the cell', () => {
    expect(magicsOf('%submit --cache=2h\nconst a = 1')).toEqual(['cell:submit:--cache=2h'])
    expect(magicsOf('%task\nconst a = 1')).toEqual(['cell:task:'])
    expect(magicsOf('%submit explore')).toEqual(['line:submit:explore'])
    expect(magicsOf('%submit explore\n// later\n%runs')).toEqual(['line:submit:explore', 'line:runs:'])
    expect(magicsOf('const a = 1\n%submit explore')).toEqual(['line:submit:explore'])
  })

  test('a known flow named over code is ambiguous, and the error names both meanings', () => {
    expect(() => split('%submit explore\nconst a = 1')).toThrow(/submit the known task or flow explore.*or run this cell's code under the name "explore".*%%submit explore/s)
    expect(() => split('%task explore --retries 2\nconst a = 1')).toThrow(/turn the known function explore into a task/)
    expect(magicsOf('%%submit explore\nconst a = 1')).toEqual(['cell:submit:explore'])
  })

  test('!word is shell only when nobody knows the word', () => {
    expect(magicsOf('!ls -l | head')).toEqual(['shell::ls -l | head'])
    expect(magicsOf('!flag')).toEqual([])
    expect(magicsOf('!process.exitCode')).toEqual([])
    expect(magicsOf('const ls = true\n!ls')).toEqual([])
    expect(magicsOf('!ls\n!ls -a')).toEqual(['shell::ls', 'shell::ls -a'])
    expect(magicsOf('!await f()\n!new X()\n!true')).toEqual([])
    expect(magicsOf('const ok = a &&\n!b')).toEqual([])
    expect(magicsOf('!./run.sh "it\'s"\nconst a = 1')).toEqual(['shell::./run.sh "it\'s"'])
    expect(magicsOf('!!a\n!(b)\n![c]')).toEqual([])
  })

  test('the text under %%sh is left alone', () => {
    const { cellMagics, code, parts } = split("%%sh\necho \"it's\n%%task\"\n%runs")
    expect(cellMagics.map(({ name }) => name)).toEqual(['sh'])
    expect(code.slice(5)).toBe("echo \"it's\n%%task\"\n%runs")
    expect(parts).toHaveLength(1)
  })

  test('name? asks for help, a conditional expression does not', () => {
    expect(magicsOf('embed?')).toEqual(['inspect::embed?'])
    expect(magicsOf('%runs?')).toEqual(['inspect::%runs?'])
    expect(magicsOf('const x = a\n? b : c')).toEqual([])
    expect(magicsOf('a?\nb : c')).toEqual([])
  })

  test('any text is split without a crash, in equal length, or refused in words', () => {
    const piece = fc.constantFrom('%runs', '%%task', '\n', '`', '${', '}', '{', '(', ')', '/', '"', "'", '//', '/*', '*/', 'a', ' ', '\\', '!ls', '?', '% b')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const source = pieces.join('')
        try {
          expect(split(source).code.length).toBe(source.length)
        } catch (error) {
          expect((error as { code?: string }).code).toBe('BAD_MAGIC')
        }
      }),
      { numRuns: 500 },
    )
  })
})
