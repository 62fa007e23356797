/**
 * Owns what a user sees when processes of Labflow are killed (kill −9) while cells run: real kernel over the wire, real executor and workers.
 * Runs tell by files that they are at work and wait for files before they go on, so nothing here depends on time.
 */
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findEngine } from '../../src/client/connect.ts'
import { treeRoot } from '../../src/entry.ts'
import { readExecutorFile } from '../../src/wire/executor-file.ts'
import { JupyterClient, type CellRun } from '../support/jupyter-client.ts'

let folder: string
let signals: string
const kernels: JupyterClient[] = []

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'labflow-kill-')))
  signals = join(folder, 'signals')
  mkdirSync(signals)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
})

afterEach(async () => {
  for (const kernel of kernels.splice(0)) await kernel.stop()
  const engine = await findEngine({ storeFolder: store(), client: 'cli' })
  await engine?.stop(true)
  await engine?.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
})

const store = (): string => join(folder, '.labflow')

async function startKernel(): Promise<JupyterClient> {
  const kernel = await JupyterClient.start({ entry: join(treeRoot, 'kernel/main.ts'), folder, environment: { LABFLOW_HOME: store(), LABFLOW_SLOTS: '2' } })
  kernels.push(kernel)
  return kernel
}

/** Cell text: says that it is at work (with its process and attempt) and waits for the file `go`. */
const WAITING = `
const fs = process.getBuiltinModule('node:fs')
const attempt = fs.readdirSync(signals).filter((name) => name.startsWith('at-work')).length + 1
fs.writeFileSync(signals + '/at-work-' + attempt, String(process.pid))
while (!fs.existsSync(signals + '/go')) await new Promise((resolve) => setTimeout(resolve, 5))
const answer = 40 + attempt
answer`

/** Resolves with the content of a file once it is there and not empty. */
async function signal(name: string): Promise<string> {
  const path = join(signals, name)
  const watcher = watch(signals)
  try {
    while (!existsSync(path) || readFileSync(path, 'utf8') === '') await once(watcher, 'change')
    return readFileSync(path, 'utf8')
  } finally {
    watcher.close()
  }
}

const go = (): void => writeFileSync(join(signals, 'go'), '')
const define = (kernel: JupyterClient): Promise<CellRun> => kernel.run(`const signals = ${JSON.stringify(signals)}`)
const resultText = (run: CellRun): string | undefined => run.iopub.find((message) => message.header.msg_type === 'execute_result')?.content['data']['text/plain']
const lastCard = (run: CellRun): Record<string, any> => {
  const card = run.iopub.findLast((message) => message.content['data']?.['application/vnd.labflow.run+json'] !== undefined)
  return card?.content['data']['application/vnd.labflow.run+json'].run
}

/** kill −9 and the wait until the process is gone. */
async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve))
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('the kernel is killed: a %%submit run goes on, a new kernel lists it and %wait brings its result', async () => {
  const first = await startKernel()
  await define(first)
  await first.run(`%%submit training${WAITING}`)
  await signal('at-work-1')
  const ended = once(first.process, 'exit')
  first.process.kill('SIGKILL')
  await ended
  const second = await startKernel()
  const listed = await second.run('%runs')
  expect(JSON.stringify(listed.iopub.map((message) => message.content))).toMatch(/training.*running/i)
  go()
  await second.run('%wait training')
  expect(resultText(await second.run('answer'))).toBe('41')
})

test('the worker is killed and retries are left: another attempt brings the result', async () => {
  const kernel = await startKernel()
  await define(kernel)
  const cell = kernel.sendCell(`%%task fit --retries 1${WAITING}`)
  await kill(Number(await signal('at-work-1')))
  await signal('at-work-2')
  go()
  const run = await kernel.runOf(cell)
  expect(resultText(run)).toBe('42')
  expect(lastCard(run)).toMatchObject({ attempt: 2, state: { type: 'COMPLETED' } })
})

test('the worker is killed without retries: CRASHED, said in the cell, and the notebook goes on', async () => {
  const kernel = await startKernel()
  await define(kernel)
  const cell = kernel.sendCell(`%%task fit${WAITING}`)
  await kill(Number(await signal('at-work-1')))
  const run = await kernel.runOf(cell)
  expect(run.reply.content['status']).toBe('error')
  expect(lastCard(run)).toMatchObject({ state: { type: 'CRASHED' } })
  expect(resultText(await kernel.run('typeof answer'))).toBe("'undefined'")
})

test('the executor is killed under a waiting %%task: the same attempt goes on and the cell gets its result', async () => {
  const kernel = await startKernel()
  await define(kernel)
  await kernel.run('%%task earlier\nconst kept = 7')
  const cell = kernel.sendCell(`%%task fit${WAITING}`)
  await signal('at-work-1')
  await kill(readExecutorFile(store())?.pid ?? 0)
  go()
  const run = await kernel.runOf(cell)
  expect(run.reply.content['status']).toBe('ok')
  expect(resultText(run)).toBe('41')
  expect(readdirSync(signals).filter((name) => name.startsWith('at-work'))).toEqual(['at-work-1'])
  const listed = JSON.stringify((await kernel.run('%runs')).iopub.map((message) => message.content))
  expect(listed).toMatch(/earlier.*completed/i)
})

test('the executor is killed under a flow that awaits a task: both end as if nothing had been', async () => {
  const kernel = await startKernel()
  await define(kernel)
  await kernel.run(`%%task\nasync function inner(x: number) {${WAITING}\nreturn answer + x }`)
  const cell = kernel.sendCell('%%flow outer\nconst extra = 100\nconst sum = await inner(extra)\nsum')
  await signal('at-work-1')
  await kill(readExecutorFile(store())?.pid ?? 0)
  go()
  const run = await kernel.runOf(cell)
  expect(run.reply.content['status']).toBe('ok')
  expect(resultText(run)).toBe('141')
})

test('stop on a waiting %%task ends its run and every process that the run started', async () => {
  const kernel = await startKernel()
  await define(kernel)
  const spawning = `
const child = process.getBuiltinModule('node:child_process').spawn('sleep', ['1000'])
process.getBuiltinModule('node:fs').writeFileSync(signals + '/child', String(child.pid))
for (;;);`
  const cell = kernel.sendCell(`%%task spin${spawning}`)
  const child = Number(await signal('child'))
  expect(isAlive(child)).toBe(true)
  await kernel.request('interrupt_request', {}, 'control')
  const run = await kernel.runOf(cell)
  expect(run.reply.content['status']).toBe('error')
  expect(lastCard(run)).toMatchObject({ state: { type: 'CANCELLED' } })
  expect(isAlive(child)).toBe(false)
})
