/**
 * Owns what a user expects of output: it belongs to its cell, late or not, and nothing is lost.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NotebookSession } from './notebook-session.ts'

let notebook: NotebookSession
beforeAll(async () => {
  notebook = new NotebookSession()
  await notebook.client.start()
})
afterAll(() => notebook.close())

test('20,000 lines printed by one loop all arrive, in order, before the cell ends', async () => {
  await notebook.run('for (let i = 0; i < 20_000; i++) console.log(i)')
  const lines = notebook.printed(notebook.cellId).trimEnd().split('\n')
  expect(lines).toHaveLength(20_000)
  expect(lines.every((line, index) => line === String(index))).toBe(true)
})

test('what a timer or a promise prints late stands under the cell that started it', async () => {
  await notebook.run('let release: () => void; const gate = new Promise<void>((resolve) => { release = resolve }); gate.then(() => console.log("late one"))')
  const first = notebook.cellId
  await notebook.run('setTimeout(() => console.error("late two"), 5); console.log("now"); release()')
  const second = notebook.cellId
  await notebook.until(() => notebook.printed(second).includes('late two') && notebook.printed(first).includes('late one'))
  expect(notebook.printed(first)).toBe('late one\n')
  expect(notebook.printed(second)).toBe('now\nlate two\n')
})

test('characters cut between two writes arrive whole', async () => {
  await notebook.run('const bytes = Buffer.from("é🙂\\n"); process.stdout.write(bytes.subarray(0, 1)); process.stdout.write(bytes.subarray(1, 4)); process.stdout.write(bytes.subarray(4))')
  expect(notebook.printed(notebook.cellId)).toBe('é🙂\n')
})

test('an error in a timer and an unhandled rejection are shown under their cell, and the session lives', async () => {
  await notebook.run('setTimeout(() => { throw new Error("in a timer") }, 1); Promise.reject(new Error("nobody listens")); 0')
  const { cellId } = notebook
  await notebook.until(() => notebook.lateErrors.length >= 2)
  expect(notebook.lateErrors.map((late) => [late.cellId, late.error.message]).sort()).toEqual([[cellId, 'in a timer'], [cellId, 'nobody listens']])
  expect(await notebook.value('1 + 1')).toBe('2')
})

test('what a child writes to inherited streams is shown', async () => {
  await notebook.run('import { spawnSync } from "node:child_process"; spawnSync("echo", ["from a child"], { stdio: "inherit" })')
  await notebook.until(() => notebook.streams.some((stream) => stream.text.includes('from a child')))
})
