/** What a notebook does when its executor is gone and no other can be started: it says so at once. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestNotebook } from './recording-output.ts'

let notebook: TestNotebook
beforeAll(async () => {
  notebook = await TestNotebook.inNewFolder()
})
afterAll(() => notebook.remove())

const untilFile = (name: string): string =>
  `const { existsSync } = await import('node:fs')\nconsole.log('begun')\nwhile (!existsSync(${JSON.stringify(join(notebook.folder, name))})) await new Promise((resolve) => setTimeout(resolve, 5))`

test('a waiting cell, and cells that ask later, fail with the reason when the store cannot be opened any more', async () => {
  await notebook.run(`%%submit\n${untilFile('done')}\nconst owed = 1`)
  await notebook.run(`import { task } from 'labflow'\nconst slow = task({ name: 'slow' }, async () => {\n${untilFile('done')}\n})`)
  const waiting = notebook.start(`%%task\n${untilFile('done')}\nconst mine = 2`)
  await notebook.output.until(() => notebook.output.streams(waiting.cellId).includes('begun'))
  const store = join(notebook.folder, '.labflow')
  const { pid } = JSON.parse(await readFile(join(store, 'executor.json'), 'utf8')) as { pid: number }
  await rename(store, `${store}-away`)
  await writeFile(store, 'a file in its place')
  process.kill(pid, 'SIGKILL')
  const outcome = await waiting.outcome
  await writeFile(join(notebook.folder, 'done'), '')
  expect(outcome).toMatchObject({ status: 'error', error: { message: expect.stringMatching(/store folder .* cannot be made/) } })
  expect((await notebook.fail('owed + 1')).message).toMatch(/store folder .* cannot be made/)
  expect((await notebook.fail('%%task\nconst more = 1')).message).toMatch(/store folder .* cannot be made/)
  expect((await notebook.fail('await slow()')).message).toMatch(/store folder .* cannot be made/)
})
