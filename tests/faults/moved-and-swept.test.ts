/** Owns what happens to a store that is copied or moved with its project, and to sockets that a cleaner of temporary files takes. */
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { connectEngine } from '../../src/client/connect.ts'
import type { EngineClient } from '../../src/client/engine-client.ts'
import { readExecutorFile } from '../../src/wire/executor-file.ts'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import { EngineLab, submissionOf, until, valueOf } from '../support/engine-lab.ts'

let lab: EngineLab
let other: EngineClient | null = null
afterEach(async () => {
  await stopOther()
  await lab.close()
})

async function stopOther(): Promise<void> {
  if (other === null) return
  const { pid } = await other.status()
  await other.stop(true)
  await other.close()
  other = null
  await until(() => !isSameProcess(pid, null))
}

test("a copied project has an executor of its own: the original's runs go on, the copy calls them crashed and touches nothing", async () => {
  lab = new EngineLab()
  const client = await lab.client()
  await lab.run(client, 'return 1')
  const file = lab.path('go')
  const running = await lab.submit(client, `const { existsSync } = await import('node:fs'); while (!existsSync('${file}')) await new Promise((r) => setTimeout(r, 5)); return 2`)
  await until(async () => (await client.get(running.run.id)).state.type === 'RUNNING')
  const copy = lab.path('copy')
  cpSync(lab.store, copy, { recursive: true })
  other = await connectEngine({ storeFolder: copy, client: 'cli' })
  expect((await other.status()).storePath).toBe(copy)
  expect((await other.get('r2')).state).toMatchObject({ type: 'CRASHED', message: expect.stringContaining('copied') })
  const { submission, inputs } = submissionOf('return 3')
  expect((await (await other.submit(submission, inputs)).ended).run.shortId).toBe('r3')
  await stopOther()
  expect(await client.list()).toHaveLength(2)
  writeFileSync(file, '')
  expect(valueOf((await running.ended).result)).toBe(2)
})

test('a project that is moved gets a new executor at its new place, with every run it had', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  await lab.run(client, 'return 1')
  const first = lab.executorPid
  await client.close()
  const moved = lab.path('moved')
  renameSync(lab.store, moved)
  other = await connectEngine({ storeFolder: moved, client: 'cli' })
  expect((await other.status()).pid).not.toBe(first)
  expect(valueOf(await other.result((await other.get('r1')).id))).toBe(1)
  await until(() => !isSameProcess(first, null))
})

test('the socket file was removed by a cleaner: new clients find the executor, connected ones notice nothing', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const known = readExecutorFile(lab.store)!
  const socket = known.address.slice('ipc://'.length)
  rmSync(socket)
  const second = await lab.client()
  expect((await second.status()).pid).toBe(known.pid)
  expect((await lab.run(second, 'return 4')).value).toBe(4)
  expect((await lab.run(client, 'return 5')).value).toBe(5)
  expect(existsSync(socket)).toBe(true)
})
