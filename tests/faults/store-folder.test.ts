/** Owns what a user sees of a store folder that cannot be used: a sentence at once, never a core at full load, never an executor left behind. */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectEngine } from '../../src/client/connect.ts'
import { readExecutorFile } from '../../src/wire/executor-file.ts'
import { makeFolder } from '../../src/wire/private-folder.ts'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import { EngineLab, until, valueOf } from '../support/engine-lab.ts'

let lab: EngineLab
afterEach(() => lab.close())

test.runIf(existsSync('/proc/self'))('LABFLOW_HOME below /proc: said in words at once, where Node would never come back', async () => {
  lab = new EngineLab()
  await expect(connectEngine({ storeFolder: '/proc/x', client: 'kernel' })).rejects.toMatchObject({ code: 'STORE_READ_ONLY', message: expect.stringContaining('LABFLOW_HOME') })
})

test('XDG_RUNTIME_DIR where nothing can be made: the temp folder holds the sockets', async () => {
  lab = new EngineLab({ XDG_RUNTIME_DIR: '/proc' })
  const client = await lab.client()
  expect((await lab.run(client, 'return 3')).value).toBe(3)
  expect(readExecutorFile(lab.store)?.address).not.toContain('/proc')
})

test('a store below a very long path, with spaces and other scripts, works like any other', async () => {
  lab = new EngineLab()
  const store = join(lab.folder, 'd'.repeat(120), 'e'.repeat(120), 'mein Ordner für Daten 数据')
  const client = await connectEngine({ storeFolder: store, client: 'cli' })
  expect((await lab.run(client, 'return 4')).value).toBe(4)
  const pid = readExecutorFile(store)?.pid ?? 0
  await client.stop(true)
  await client.close()
  await until(() => !isSameProcess(pid, null))
})

test('a folder is made with its parents, and a file in the way is an error, not a loop', () => {
  lab = new EngineLab()
  makeFolder(lab.path('a/b/c'))
  makeFolder(lab.path('a/b/c'))
  expect(readdirSync(lab.path('a/b'))).toEqual(['c'])
  writeFileSync(lab.path('file'), '')
  expect(() => makeFolder(lab.path('file/below'))).toThrow(/EEXIST|ENOTDIR/)
})

test('no room for executor.json: the disk is said to be full, not "an error of its own"', async () => {
  lab = new EngineLab()
  mkdirSync(lab.store)
  lab.setEnv({ LABFLOW_FAULTS: 'store.executor-file=ENOSPC' })
  await expect(lab.client()).rejects.toMatchObject({ code: 'STORE_FULL' })
  lab.setEnv({ LABFLOW_FAULTS: '' })
  expect((await lab.run(await lab.client(), 'return 5')).value).toBe(5)
})

test('what a worker spooled for a run that has ended is cleared away at the next start', async () => {
  lab = new EngineLab()
  const spool = join(lab.store, 'spool')
  mkdirSync(spool, { recursive: true })
  writeFileSync(join(spool, '86ddb2cd-6809-4941-84f1-db6c7252d26a.1.frames'), 'x')
  await lab.client()
  expect(readdirSync(spool)).toEqual([])
})

test('a store.db that was overwritten in the middle is called damaged, and is left as it is', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  await lab.run(client, 'return 1')
  const pid = lab.executorPid
  await client.stop()
  await client.close()
  await until(() => !isSameProcess(pid, null))
  const path = join(lab.store, 'store.db')
  const bytes = readFileSync(path)
  bytes.fill('no page', 4096)
  writeFileSync(path, bytes)
  await expect(connectEngine({ storeFolder: lab.store, client: 'kernel' })).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  expect(readFileSync(path).equals(bytes)).toBe(true)
})

test('the store is removed under its executor (git clean): running runs end in words, the next one gets a new store', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const handle = await lab.submit(client, 'for (;;) {}')
  await until(() => handle.run.state.type === 'RUNNING')
  const first = lab.executorPid
  rmSync(lab.store, { recursive: true })
  const { run, value } = await lab.run(client, 'return 8')
  expect([run.shortId, value]).toEqual(['r1', 8])
  expect((await handle.ended).run.state).toMatchObject({ type: 'CANCELLED', message: expect.stringContaining('was removed') })
  await until(() => !isSameProcess(first, null))
  expect((await lab.run(await lab.client(), 'return 9')).value).toBe(9)
})

test('a result that could not be fetched does not keep the executor from ending', async () => {
  lab = new EngineLab({ LABFLOW_IDLE_MS: '300' })
  const client = await lab.client()
  const { run } = await lab.run(client, 'return "y".repeat(600_000)')
  rmSync(join(lab.store, 'results'), { recursive: true })
  const other = await lab.client()
  await expect((await other.attach(run.id)).ended).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  const pid = lab.executorPid
  await until(() => !isSameProcess(pid, null) && !existsSync(join(lab.store, 'executor.json')))
  expect(readExecutorFile(lab.store)).toBeNull()
})

test.each([['cut', (path: string) => writeFileSync(path, '')], ['changed by one bit', flipOneBit]])('a result file that was %s: the result is refused in words, a cached call computes anew', async (_, damage) => {
  lab = new EngineLab()
  const client = await lab.client()
  const source = 'return "x".repeat(600_000).length === 600_000 ? "y".repeat(600_000) : ""'
  const options = { cache: { expiresAfterMs: null } }
  const first = await lab.run(client, source, { options, cacheKey: 'k1' })
  const files = readdirSync(join(lab.store, 'results'), { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  expect(files).toHaveLength(1)
  damage(join(files[0]!.parentPath, files[0]!.name))
  await expect(client.result(first.run.id)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  const second = await lab.run(client, source, { options, cacheKey: 'k1' })
  expect(second.run.cachedFrom).toBeNull()
  expect(second.run.warnings.join()).toContain('r1 is damaged')
  expect(second.value).toBe('y'.repeat(600_000))
  expect(valueOf(await client.result(second.run.id))).toBe('y'.repeat(600_000))
})

function flipOneBit(path: string): void {
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  readSync(file, byte, 0, 1, 300_000)
  byte[0]! ^= 1
  writeSync(file, byte, 0, 1, 300_000)
  closeSync(file)
}
