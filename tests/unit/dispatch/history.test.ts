/** The history over sessions, on a real file. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { History, historyPath } from '../../../kernel/history.ts'

let folder: string
let path: string
const log: string[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lf-history-'))
  path = join(folder, 'deep', 'history.jsonl')
  log.length = 0
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const open = (session: number): History => new History(path, (line) => log.push(line), session)
const ask = async (history: History, content: object): Promise<unknown[]> => (await history.answer({ output: false, raw: true, ...content }))['history'] as unknown[]

test('cells of an earlier kernel are found by tail, by session −1, and by search', async () => {
  const earlier = open(100)
  earlier.record(1, 'const a = 1', null)
  earlier.record(2, 'a + 1', '2')
  await earlier.settled()
  const history = open(200)
  history.record(1, 'a + 2', '3')
  expect(await ask(history, { hist_access_type: 'tail', n: 2 })).toEqual([[100, 2, 'a + 1'], [200, 1, 'a + 2']])
  expect(await ask(history, { hist_access_type: 'range', session: -1 })).toEqual([[100, 1, 'const a = 1'], [100, 2, 'a + 1']])
  expect(await ask(history, { hist_access_type: 'range', session: -2 })).toEqual([])
  expect(await ask(history, { hist_access_type: 'range', session: 0, output: true })).toEqual([[200, 1, ['a + 2', '3']]])
  expect(await ask(history, { hist_access_type: 'search', pattern: 'a + ?' })).toHaveLength(2)
  await history.settled()
})

test('a repeated cell is found once when asked for unique ones, at its last place', async () => {
  const history = open(1)
  for (const [line, code] of [[1, 'x'], [2, 'y'], [3, 'x']] as const) history.record(line, code, null)
  expect(await ask(history, { hist_access_type: 'search', pattern: '*', unique: true })).toEqual([[1, 2, 'y'], [1, 3, 'x']])
  await history.settled()
})

test('a pattern with regex signs means those signs', async () => {
  const history = open(1)
  history.record(1, 'f(x)[0].y', null)
  expect(await ask(history, { hist_access_type: 'search', pattern: 'f(x)[0].*' })).toHaveLength(1)
  expect(await ask(history, { hist_access_type: 'search', pattern: 'f.x)*' })).toHaveLength(0)
  await history.settled()
})

test('the file is private, and a torn line in it costs only itself', async () => {
  const first = open(1)
  first.record(1, 'kept', null)
  await first.settled()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  appendFileSync(path, '{"session":1,"line":2,"co\n')
  expect(await ask(open(2), { hist_access_type: 'tail', n: 10 })).toEqual([[1, 1, 'kept']])
})

test('a folder that cannot be made costs the history, not the cell', async () => {
  const history = new History('/dev/null/history.jsonl', (line) => log.push(line), 1)
  history.record(1, 'x', null)
  await history.settled()
  expect(log.join()).toMatch(/history not kept/)
  expect(await ask(history, { hist_access_type: 'tail', n: 1 })).toEqual([[1, 1, 'x']])
})

test('an enormous cell is not kept, a burst of cells is written whole', async () => {
  const history = open(1)
  history.record(1, 'x'.repeat(300_000), null)
  for (let line = 2; line <= 500; line += 1) history.record(line, `cell ${line}`, null)
  await history.settled()
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(499)
})

test('the place follows LABFLOW_HISTORY and XDG_DATA_HOME', () => {
  expect(historyPath({ LABFLOW_HISTORY: '/h/x' })).toBe('/h/x')
  expect(historyPath({ XDG_DATA_HOME: '/d' })).toBe('/d/labflow/history.jsonl')
})
