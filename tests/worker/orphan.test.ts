/** A worker whose executor died goes on: nothing of its run is lost, and it ends itself afterwards. */
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { RunResult } from '../../src/model/run.ts'
import { frameChannel } from '../../src/pipe/frame-channel.ts'
import { decodeValue, fromBuffers } from '../../src/values/codec.ts'
import type { WorkerAttach, WorkerMessage } from '../../src/worker/protocol.ts'
import { cell, textOf, WorkerFixture } from './worker-fixture.ts'

let worker: WorkerFixture
let server: Server | null = null
afterEach(async () => {
  server?.close()
  server = null
  await worker.close()
})

test('an idle worker ends when its executor is gone', async () => {
  worker = new WorkerFixture()
  await worker.wait((message) => message.type === 'ready')
  worker.abandon()
  expect(await worker.exited()).toBe(0)
})

test('a busy loop finishes and spools its output and result', async () => {
  worker = new WorkerFixture()
  const source = `const { existsSync } = require('node:fs')\nconsole.log('busy')\nwhile (!existsSync('go')) {}\nconsole.log('still here')\nconst answer = new Float64Array([4, 2])`
  const { spoolPath } = worker.begin({ code: cell(source, ['answer']) })
  await worker.wait((message) => message.type === 'output')
  worker.abandon()
  worker.write('go', '')
  expect(await worker.exited()).toBe(0)
  const frames = worker.readSpool(spoolPath)
  const final = frames.at(-1)
  expect(textOf(frames.map((frame) => frame.message))).toBe('still here\n')
  expect(final?.message).toMatchObject({ type: 'completed', outputNames: ['answer'], nonce: 'nonce-1' })
  expect((decodeValue(fromBuffers(final?.buffers ?? []) as never) as RunResult).outputs).toEqual({ answer: new Float64Array([4, 2]) })
})

test('a result sent to an executor that died before reading it is spooled too', async () => {
  worker = new WorkerFixture()
  worker.pipe(3).pause()
  const { spoolPath } = worker.begin({ code: cell('$value = 5\nrequire("node:fs").writeFileSync("done", "")') })
  const { existsSync } = await import('node:fs')
  await expect.poll(() => existsSync(join(worker.folder, 'done'))).toBe(true)
  worker.abandon()
  expect(await worker.exited()).toBe(0)
  expect(worker.readSpool(spoolPath).at(-1)?.message.type).toBe('completed')
})

test('the disk is full while no executor runs: the result waits for room, and lost output is told', async () => {
  worker = new WorkerFixture()
  const { spoolPath } = worker.begin({ code: cell(`const { existsSync, writeFileSync } = require('node:fs')\nconsole.log('busy')\nwhile (!existsSync('go')) {}\nconsole.log('no room')\nconst answer = 42\nwriteFileSync('done', '')`, ['answer']) })
  mkdirSync(dirname(spoolPath), { recursive: true })
  symlinkSync('/dev/full', spoolPath)
  await worker.wait((message) => message.type === 'output')
  worker.abandon()
  worker.write('go', '')
  const { existsSync } = await import('node:fs')
  await expect.poll(() => existsSync(join(worker.folder, 'done')), { timeout: 20_000 }).toBe(true)
  rmSync(spoolPath)
  expect(await worker.exited()).toBe(0)
  const messages = worker.readSpool(spoolPath).map((frame) => frame.message)
  expect(messages.at(-1)).toMatchObject({ type: 'completed', outputNames: ['answer'] })
  expect(messages.at(-2)).toMatchObject({ type: 'warning', message: expect.stringMatching(/disk was full .* 1 messages/) })
})

test('a worker whose store is gone and whose streams nobody reads ends, instead of spinning for ever', async () => {
  worker = new WorkerFixture()
  worker.pipe(3).pause()
  worker.write('store', 'a file where the folder was')
  worker.begin({ code: cell('$value = 5\nrequire("node:fs").writeFileSync("done", "")') })
  const { existsSync } = await import('node:fs')
  await expect.poll(() => existsSync(join(worker.folder, 'done')), { timeout: 20_000 }).toBe(true)
  worker.child.stdout?.destroy()
  worker.child.stderr?.destroy()
  worker.abandon()
  expect(await worker.exited()).toBe(1)
})

test('an orphan is ended at its limit even in a loop that never yields', async () => {
  worker = new WorkerFixture({ LABFLOW_ORPHAN_MS: '50' })
  worker.begin({ code: cell('console.log("on")\nfor (;;) {}') })
  await worker.wait((message) => message.type === 'output')
  worker.abandon()
  await worker.exited()
  expect(worker.child.signalCode).toBe('SIGKILL')
})

test('a flow that waits for a run finds the next executor and asks again', async () => {
  worker = new WorkerFixture()
  const path = join(worker.folder, 's')
  const tasks = worker.write('flows.ts', `import { task } from 'labflow'\nexport const part = task({ name: 'part' }, async (x: number) => x)\n`)
  const { spoolPath } = worker.begin({ code: cell('$value = await part(3)', [], { imports: [{ local: 'part', imported: 'part', specifier: tasks }] }, worker.folder) })
  const asked = await worker.wait((message) => message.type === 'engine' && message.payload.method === 'submit')
  worker.abandon()
  const heard: (WorkerMessage | WorkerAttach)[] = []
  const again = new Promise<void>((resolve) => {
    server = createServer((socket) => {
      const channel = frameChannel<WorkerMessage | WorkerAttach>(socket, {
        onMessage: (message) => {
          heard.push(message)
          if (message.type !== 'engine' || message.payload.method !== 'submit') return
          channel.send({ type: 'engine', payload: { kind: 'reply', id: message.payload.id, ok: false, error: { name: 'LabflowError', code: 'LIMIT_REACHED', message: 'the new executor answers', traceback: [] } } })
          resolve()
        },
      })
    }).listen(path)
  })
  mkdirSync(join(worker.folder, 'store'), { recursive: true })
  worker.write('store/executor.json', JSON.stringify({ workersSocket: path }))
  await again
  expect(heard[0]).toMatchObject({ type: 'attach', runId: 'run-1', attempt: 1, nonce: 'nonce-1', pid: worker.child.pid })
  const repeated = heard.find((message) => message.type === 'engine' && message.payload.method === 'submit')
  expect(repeated).toEqual(asked.message)
  await worker.exited()
  expect(worker.readSpool(spoolPath).at(-1)?.message).toMatchObject({ type: 'failed', error: { code: 'LIMIT_REACHED', message: 'the new executor answers' } })
})
