/** Owns the repository's rules about its own text: sizes, leftovers, file heads, machine paths. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '' && !path.startsWith('test-output/'))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const code = tracked.filter((path) => /\.(ts|mts|mjs|cjs)$/.test(path))
const source = code.filter((path) => /^(src|kernel|magics)\//.test(path))

/** Lines of a text that match a pattern, as `path:line`. */
function places(paths: string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
  )
}

test('no file of code is longer than 500 lines', () => {
  expect(code.filter((path) => read(path).split('\n').length > 501)).toEqual([])
})

test('every source file opens by saying what it owns', () => {
  const silent = source.filter((path) => !/^(#!.*\n)?\s*\/\*\*/.test(read(path)))
  expect(silent).toEqual([])
})

test('no leftovers, skipped tests or debugger statements', () => {
  const own = 'tests/tidy/repository.test.ts'
  const pattern = /\b(TODO|FIXME|XXX)\b|\b(it|test|describe)\.(skip|only|todo)\b|^\s*debugger\b/
  expect(places(code.filter((path) => path !== own), pattern)).toEqual([])
})

test('file names are kebab-case nouns, none of them a drawer for leftovers', () => {
  const names = source.map((path) => path.split('/').at(-1) ?? '')
  expect(names.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.(ts|mjs|cjs)$/.test(name))).toEqual([])
  expect(names.filter((name) => /^(utils?|helpers?|common|misc|shared)\./.test(name))).toEqual([])
})

test('no absolute path of one machine in tracked text', () => {
  const text = tracked.filter((path) => /\.(ts|mjs|cjs|md|json|yaml|ipynb|py|txt)$|^\.ci\//.test(path))
  const folders = [root, dirname(root), homedir()].map((folder) => `${folder}/`)
  expect(text.filter((path) => folders.some((folder) => folder.length > 2 && read(path).includes(folder)))).toEqual([])
})

test('no public type says any', () => {
  expect(places(source, /(:|<|as|\|)\s*any\b(?!\w)/)).toEqual([])
})

test('the README names the two commands, and CI runs the same test command', () => {
  expect(read('README.md')).toContain('npm start')
  expect(read('README.md')).toContain('npm test')
  expect(read('.ci/run')).toContain('npm test')
})
