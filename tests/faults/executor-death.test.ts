import { existsSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Dealer } from 'zeromq'
import { afterEach, expect, test } from 'vitest'
import { connectEngine } from '../../src/client/connect.ts'
import { entryPath } from '../../src/entry.ts'
import { PROTOCOL_VERSION } from '../../src/wire/engine-protocol.ts'
import { readExecutorFile } from '../../src/wire/executor-file.ts'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import { EngineLab, until, valueOf } from '../support/engine-lab.ts'

let lab: EngineLab
afterEach(() => lab.close())

/** Prints, waits for a file, prints again, returns its own pid. */
const waitingFor = (file: string) =>
  `ctx.print('before\\n'); const { existsSync } = await import('node:fs'); while (!existsSync('${file}')) await new Promise((r) => setTimeout(r, 5)); ctx.print('after\\n'); return process.pid`

test('kill −9 of the executor: finished runs stay, a living attempt goes on and its result is taken over', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const done = await lab.run(client, 'return 1')
  const file = lab.path('go')
  const handle = await lab.submit(client, waitingFor(file))
  let text = ''
  handle.onEvent((event) => {
    if (event.type === 'output' && event.output.type === 'stream') text += event.output.text
  })
  await until(() => text === 'before\n')
  // The output has to be on disk: it is at most 100 ms behind.
  await until(async () => (await client.outputs(handle.run.id)).length === 1)
  const workerPid = (await client.status()).workers.find((worker) => worker.runId === handle.run.id)!.pid
  const first = lab.executorPid
  await lab.killExecutor()
  await until(() => lab.executorPid !== first && isSameProcess(lab.executorPid, null))
  expect(isSameProcess(workerPid, null)).toBe(true)
  writeFileSync(file, '')
  const { run, result } = await handle.ended
  expect(run.state.type).toBe('COMPLETED')
  expect(run.attempt).toBe(1)
  expect(valueOf(result)).toBe(workerPid)
  expect(text).toBe('before\nafter\n')
  expect((await client.get(done.run.id)).state.type).toBe('COMPLETED')
  expect(valueOf(await client.result(done.run.id))).toBe(1)
  await until(() => !isSameProcess(workerPid, null))
})

test('an attempt that ended while no executor ran is imported from its spool by the next one', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const file = lab.path('go')
  const handle = await lab.submit(client, waitingFor(file))
  await until(() => handle.run.state.type === 'RUNNING')
  const workerPid = (await client.status()).workers.find((worker) => worker.runId === handle.run.id)!.pid
  await client.close()
  await lab.killExecutor()
  writeFileSync(file, '')
  await until(() => !isSameProcess(workerPid, null))
  const second = await lab.client()
  const attached = await second.attach(handle.run.id)
  const { run, result } = await attached.ended
  expect(run.state.type).toBe('COMPLETED')
  expect(valueOf(result)).toBe(workerPid)
})

test('executor and worker both killed: CRASHED, and tried again when retries are left', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const lost = await lab.submit(client, 'for (;;) {}')
  const retried = await lab.submit(client, 'if (ctx.attempt === 1) for (;;) {} return ctx.attempt', { options: { retries: 1 } })
  await until(() => lost.run.state.type === 'RUNNING' && retried.run.state.type === 'RUNNING')
  const { workers } = await client.status()
  process.kill(lab.executorPid, 'SIGKILL')
  for (const worker of workers) process.kill(worker.pid, 'SIGKILL')
  expect((await lost.ended).run.state.type).toBe('CRASHED')
  const outcome = await retried.ended
  expect(outcome.run.state.type).toBe('COMPLETED')
  expect(valueOf(outcome.result)).toBe(2)
})

test('an attempt taken over from a dead executor can still be cancelled', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const handle = await lab.submit(client, 'for (;;) {}')
  await until(() => handle.run.state.type === 'RUNNING')
  await lab.killExecutor()
  await until(async () => (await client.get(handle.run.id)).state.type === 'RUNNING')
  await handle.cancel()
  expect((await handle.ended).run.state.type).toBe('CANCELLED')
})

test('a flow whose executor died gets its answers from the next one', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const file = lab.path('go')
  const flow = await lab.submit(client,
    `const { existsSync } = await import('node:fs'); while (!existsSync('${file}')) await new Promise((r) => setTimeout(r, 5));
     for (;;) try { return await ctx.call('return 7') } catch (e) { await new Promise((r) => setTimeout(r, 20)) }`, { kind: 'flow' })
  await until(() => flow.run.state.type === 'RUNNING')
  const first = lab.executorPid
  await lab.killExecutor()
  await until(() => lab.executorPid !== first && isSameProcess(lab.executorPid, null))
  await until(async () => (await client.get(flow.run.id)).state.type === 'RUNNING')
  writeFileSync(file, '')
  expect(valueOf((await flow.ended).result)).toBe(7)
})

test('queued runs go on under the next executor', async () => {
  lab = new EngineLab({ LABFLOW_SLOTS: '1' })
  const client = await lab.client()
  const file = lab.path('go')
  const first = await lab.submit(client, waitingFor(file))
  const queued = await lab.submit(client, 'return 2')
  await until(() => first.run.state.type === 'RUNNING')
  await lab.killExecutor()
  writeFileSync(file, '')
  expect((await first.ended).run.state.type).toBe('COMPLETED')
  expect(valueOf((await queued.ended).result)).toBe(2)
})

test('clients that start at once get one and the same executor', async () => {
  lab = new EngineLab()
  const clients = await Promise.all(Array.from({ length: 4 }, () => lab.client()))
  const statuses = await Promise.all(clients.map((client) => client.status()))
  expect(new Set(statuses.map((status) => status.pid)).size).toBe(1)
})

test('a second executor for a store says that it is busy and touches nothing', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const child = spawn(process.execPath, [entryPath('src/executor/main'), lab.store], { stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()))
  await once(child, 'close')
  expect(words).toContain('busy')
  expect((await lab.run(client, 'return 3')).value).toBe(3)
})

test('garbage on the socket is dropped, and a client of another version is told so in words', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const dealer = new Dealer({ linger: 0 })
  dealer.connect(readExecutorFile(lab.store)!.address)
  for (const frames of [['x'], ['{'], ['{"v":1}'], ['null'], [Buffer.alloc(100_000, 255)], ['{"v":1,"kind":"request"}'],
    ['{"v":1,"kind":"request","id":1,"method":"constructor","params":{}}'], ['{"v":1,"kind":"request","id":2,"method":"submit","params":{"submission":{"kind":"task"}}}', 'x'],
    [`{"v":${PROTOCOL_VERSION + 1},"kind":"request","id":3,"method":"hello","params":{}}`]]) await dealer.send(frames)
  const answers: { id: number; error: { code: string; message: string } }[] = []
  for await (const [frame] of dealer) {
    answers.push(JSON.parse(frame!.toString()) as never)
    if (answers.length === 3) break
  }
  dealer.close()
  expect(answers.map((answer) => [answer.id, answer.error.code])).toEqual([[1, 'BAD_MESSAGE'], [2, 'BAD_MESSAGE'], [3, 'EXECUTOR_VERSION']])
  expect(answers[1]!.error.message).toContain('name')
  expect(answers[2]!.error.message).toContain('labflow executor stop')
  expect((await lab.run(client, 'return 4')).value).toBe(4)
})

test('a store that a newer Labflow wrote, or that is no store, is refused in words', async () => {
  lab = new EngineLab()
  const { mkdirSync } = await import('node:fs')
  mkdirSync(lab.store)
  writeFileSync(`${lab.store}/store.db`, 'this is no database, but long enough to look like a file with something in it')
  await expect(connectEngine({ storeFolder: lab.store, client: 'kernel' })).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
})

test('a full disk at the commit is told, and what was stored stays', async () => {
  lab = new EngineLab()
  const before = await lab.client()
  const done = await lab.run(before, 'return 1')
  await before.stop()
  await before.close()
  lab.setEnv({ LABFLOW_FAULTS: 'store.commit=ENOSPC' })
  const client = await lab.client()
  await expect(lab.submit(client, 'return 2')).rejects.toMatchObject({ code: 'STORE_FULL' })
  await client.close()
  lab.setEnv({ LABFLOW_FAULTS: '' })
  await until(() => !isSameProcess(lab.executorPid, null))
  const after = await lab.client()
  expect(valueOf(await after.result(done.run.id))).toBe(1)
  expect(await after.list()).toHaveLength(1)
})

test('an executor killed before its commit has not promised anything, and the submission is made once', async () => {
  lab = new EngineLab({ LABFLOW_FAULTS: 'executor.before-commit=kill' })
  const client = await lab.client()
  lab.setEnv({ LABFLOW_FAULTS: '' })
  const { run, value } = await lab.run(client, 'return 6')
  expect([run.shortId, value]).toEqual(['r1', 6])
  expect(await client.list()).toHaveLength(1)
})

test('an executor killed right after its commit: the answer comes from the next one, the run is made once', async () => {
  lab = new EngineLab({ LABFLOW_FAULTS: 'executor.after-commit=kill' })
  const client = await lab.client()
  lab.setEnv({ LABFLOW_FAULTS: '' })
  const { run } = await lab.run(client, 'return 6', { options: { retries: 1 } })
  expect([run.shortId, run.state.type]).toEqual(['r1', 'COMPLETED'])
  expect(await client.list()).toHaveLength(1)
})

test('an executor with nothing to do ends and leaves no file', async () => {
  lab = new EngineLab({ LABFLOW_IDLE_MS: '200' })
  const client = await lab.client()
  const pid = lab.executorPid
  await lab.run(client, 'return 1')
  await until(() => !isSameProcess(pid, null))
  await until(() => !existsSync(`${lab.store}/executor.json`))
  expect((await lab.run(client, 'return 2')).value).toBe(2)
})
