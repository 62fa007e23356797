/** What reaches a kernel, who may speak to it, and how it ends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { treeRoot } from '../../src/entry.ts'
import { JupyterClient } from '../support/jupyter-client.ts'

const entry = join(treeRoot, 'tests/support/scripted-notebook.ts')
const stops: (() => unknown)[] = []
let kernel: JupyterClient
async function start(options: Partial<Parameters<typeof JupyterClient.start>[0]> = {}): Promise<void> {
  kernel = await JupyterClient.start({ entry, ...options })
  stops.push(() => kernel.stop())
}
beforeEach(() => expect(stops).toEqual([]))
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

test('a message with a wrong signature is dropped, and the log file says so', async () => {
  await start()
  const forged = kernel.send('execute_request', { code: 'print hacked' }, { key: 'guessed' })
  await kernel.run('print fine')
  expect(kernel.inboxes.iopub.messages.some((message) => message.parent_header.msg_id === forged)).toBe(false)
  expect(readFileSync(kernel.logPath, 'utf8')).toMatch(/wrong signature/)
  expect(statSync(kernel.logPath).mode & 0o777).toBe(0o600)
  expect(kernel.kernelStderr).toBe('')
})

test('garbage on every channel is dropped and the kernel goes on', async () => {
  await start()
  for (const channel of ['shell', 'control', 'stdin'] as const) {
    kernel.sendFrames(channel, ['', 'nonsense'])
    kernel.sendFrames(channel, ['<IDS|MSG>'])
    kernel.sendFrames(channel, ['<IDS|MSG>', '', '{', '{', '{', '{'])
  }
  expect((await kernel.run('print fine')).stdout).toBe('fine\n')
})

test('an unknown message type is dropped without a word in the notebook', async () => {
  await start()
  const unknown = kernel.send('make_coffee_request', {})
  const { reply } = await kernel.run('print fine')
  expect(reply.content['status']).toBe('ok')
  expect(kernel.inboxes.iopub.messages.some((message) => message.parent_header.msg_id === unknown)).toBe(false)
  expect(readFileSync(kernel.logPath, 'utf8')).toMatch(/unknown message "make_coffee_request"/)
})

test('an execute_request without code is an error, not a dead kernel', async () => {
  await start()
  expect((await kernel.request('execute_request', {})).content).toMatchObject({ status: 'error', evalue: expect.stringContaining('without code') })
})

test('everything works over ipc sockets too', async () => {
  await start({ transport: 'ipc' })
  expect((await kernel.run('lines 2000')).stdout).toMatch(/^0\n1\n[^]*1999\n$/)
  expect(await kernel.heartbeat('x')).toBe('x')
})

test('a debugger that asks is told that there is none', async () => {
  await start()
  expect((await kernel.request('kernel_info_request', {})).content).toMatchObject({ debugger: false, protocol_version: '5.4', language_info: { name: 'typescript', file_extension: '.ts' } })
  const { content } = await kernel.request('debug_request', { seq: 4, type: 'request', command: 'initialize', arguments: {} }, 'control')
  expect(content).toMatchObject({ type: 'response', request_seq: 4, command: 'initialize', success: false })
})

test('connect_request names the five ports', async () => {
  await start()
  expect(Object.keys((await kernel.request('connect_request', {})).content)).toEqual(['status', 'shell_port', 'control_port', 'stdin_port', 'iopub_port', 'hb_port'])
})

test.each([true, false])('shutdown with restart %s is answered, broadcast, and the process ends with 0', async (restart) => {
  await start()
  await kernel.run('print x')
  expect((await kernel.request('shutdown_request', { restart }, 'control')).content).toEqual({ status: 'ok', restart })
  await kernel.inboxes.iopub.find((message) => message.header.msg_type === 'shutdown_reply', 'shutdown_reply')
  expect(await kernel.exited()).toBe(0)
})

test('shutdown while a cell runs does not wait for the cell', async () => {
  await start()
  const cell = kernel.sendCell('print x\nwait')
  await kernel.published(cell, (message) => message.header.msg_type === 'stream')
  await kernel.request('shutdown_request', { restart: false }, 'control')
  expect(await kernel.exited()).toBe(0)
})

test('SIGINT does not end the kernel, SIGTERM does', async () => {
  await start()
  kernel.process.kill('SIGINT')
  expect((await kernel.run('print alive')).stdout).toBe('alive\n')
  kernel.process.kill('SIGTERM')
  expect(await kernel.exited()).toBe(0)
})

test('a kernel whose parent was killed ends by itself', async () => {
  await start()
  const folder = mkdtempSync(join(tmpdir(), 'lf-'))
  stops.push(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'k.json')
  writeFileSync(file, JSON.stringify({ transport: 'ipc', ip: join(folder, 'k'), shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5, key: 'k' }))
  // The middle process starts the kernel, tells its pid, and is killed; the pipe closes when the kernel itself ends.
  const program = `const k = require('node:child_process').spawn(process.execPath, ${JSON.stringify([entry, file])}, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, JPY_PARENT_PID: String(process.pid) } }); console.log(k.pid); setInterval(() => {}, 1e6)`
  const middle = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid] = await once(middle.stdout, 'data')
  stops.push(() => {
    try {
      process.kill(Number(String(pid)), 'SIGKILL')
    } catch {
      // gone, as it should be
    }
  })
  const ended = once(middle.stdout, 'close')
  while (!existsSync(join(folder, 'k-5'))) await new Promise((resolve) => setImmediate(resolve))
  middle.kill('SIGKILL')
  await ended
})

test.each([
  ['no argument', [], /Usage/],
  ['a missing file', ['/nowhere/kernel.json'], /Cannot read the connection file \/nowhere\/kernel.json/],
])('starting with %s ends in one plain line', async (_, args, line) => {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr.on('data', (chunk) => (text += chunk))
  const [code] = await once(child, 'close')
  expect(code).toBe(1)
  expect(text.trim().split('\n')).toHaveLength(1)
  expect(text).toMatch(line)
})
