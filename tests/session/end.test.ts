/**
 * Owns what a user expects when a session ends: a plain sentence and a fresh session; and no session outlives its kernel.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import { until } from '../support/engine-lab.ts'
import { NotebookSession } from './notebook-session.ts'

let notebook: NotebookSession
beforeEach(() => {
  notebook = new NotebookSession()
})
afterEach(() => notebook.close())

test('process.exit() in a cell says so and a fresh session answers the next cell', async () => {
  await notebook.run('const kept = 1')
  const error = await notebook.error('const later = 2\nprocess.exit(3)')
  expect(error.message).toBe('the session ended (process.exit(3) at line 2 of cell-2); variables are gone, a fresh one was started')
  expect(error.code).toBe('SESSION_DIED')
  expect(await notebook.value('typeof kept')).toBe("'undefined'")
  expect(notebook.client.generation).toBe(1)
})

test('kill −9 of the session is told in words and the notebook goes on', async () => {
  const cell = notebook.error('console.log("go"); await new Promise(() => {})')
  await notebook.until(() => notebook.printed(notebook.cellId).includes('go'))
  process.kill(notebook.client.pid as number, 'SIGKILL')
  expect((await cell).message).toMatch(/^the session ended \(killed by SIGKILL/)
  expect(notebook.exits).toHaveLength(1)
  expect(await notebook.value('1 + 1')).toBe('2')
})

test('restart gives a session without variables', async () => {
  await notebook.run('const kept = 1')
  await notebook.client.restart()
  expect(await notebook.value('typeof kept')).toBe("'undefined'")
})

test('a spinning session is gone once its kernel is killed', async () => {
  const kernel = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/spinning-kernel.ts'), notebook.folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(createInterface(kernel.stdout), 'line')) as [string]
  const sessionPid = Number(line)
  kernel.kill('SIGKILL')
  await once(kernel, 'exit')
  await until(() => !isSameProcess(sessionPid, null))
})
