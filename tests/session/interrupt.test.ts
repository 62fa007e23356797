/**
 * Owns what a user expects of the stop button: any JavaScript stops, and every variable is kept.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NotebookSession } from './notebook-session.ts'

let notebook: NotebookSession
beforeAll(async () => {
  notebook = new NotebookSession()
  await notebook.run('let kept = 42; let turns = 0')
})
afterAll(() => notebook.close())

const busy: [string, string][] = [
  ['a sync loop', 'console.log("go"); for (;;) turns++'],
  ['a sync loop inside try/catch/finally', 'console.log("go"); try { for (;;); } catch {} finally { turns++ }'],
  ['a loop after an await', 'await null; console.log("go"); for (;;) turns++'],
  ['a pending await', 'console.log("go"); await new Promise(() => {})'],
  ['a loop of awaits that never yields', 'console.log("go"); for (;;) await null'],
  ['a loop of short sleeps', 'console.log("go"); for (;;) { await new Promise((resolve) => setTimeout(resolve, 2)); turns++ }'],
  ['a loop that prints', 'for (;;) console.log("go")'],
  ['a regular expression that never ends', 'console.log("go"); /^(a+)+$/.test("a".repeat(40) + "b")'],
  ['Atomics.wait', 'console.log("go"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
  ['a child that is waited for', 'console.log("go"); (await import("node:child_process")).spawnSync("sleep", ["600"]); await new Promise(() => {})'],
]

test.each(busy)('%s stops and the variables are kept', async (_name, source) => {
  const cell = notebook.run(source)
  await notebook.until(() => notebook.printed(notebook.cellId).includes('go'))
  await notebook.client.interrupt()
  const outcome = await cell
  expect(outcome.ok ? 'ended' : outcome.error.name).toBe('Interrupted')
  expect(await notebook.value('kept')).toBe('42')
})

test('many interrupts of mixed kinds lose no session and hit no other cell', async () => {
  for (let turn = 0; turn < 6 * busy.length; turn++) {
    const [name, source] = busy[turn % busy.length] as [string, string]
    const cell = notebook.run(source)
    await notebook.until(() => notebook.printed(notebook.cellId).includes('go'))
    await notebook.client.interrupt()
    const outcome = await cell
    expect([name, outcome.ok ? 'ended' : outcome.error.name]).toEqual([name, 'Interrupted'])
    expect([name, await notebook.value('kept')]).toEqual([name, '42'])
  }
})

test('a loop in a timer of an ended cell stops', async () => {
  await notebook.run('setTimeout(() => { console.log("spinning"); for (;;); }, 1); 0')
  const { cellId } = notebook
  await notebook.until(() => notebook.printed(cellId).includes('spinning'))
  await notebook.client.interrupt()
  expect(await notebook.value('kept')).toBe('42')
})

test('an interrupted loop of sleeps does not go on behind the next cells', async () => {
  const before = await notebook.value('turns')
  // Timers of the same length fire in the order in which they were set: a loop that lived on would have had its turns.
  await notebook.run('for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 2))')
  expect(await notebook.value('turns')).toBe(before)
})

test('interrupting an idle session does nothing', async () => {
  await notebook.client.interrupt()
  expect(await notebook.value('kept')).toBe('42')
})

test('the very first cell of a fresh session can be interrupted at once', async () => {
  const fresh = new NotebookSession()
  try {
    const cell = fresh.run('console.log("go"); for (;;);')
    await fresh.until(() => fresh.printed(fresh.cellId).includes('go'))
    await fresh.client.interrupt()
    const outcome = await cell
    expect(outcome.ok ? 'ended' : outcome.error.name).toBe('Interrupted')
  } finally {
    await fresh.close()
  }
})
