/** JupyterLab's own client library through a real Jupyter server: what Lab would show and keep. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KernelManager, ServerConnection, type Kernel, type KernelMessage } from '@jupyterlab/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installKernel } from '../../kernel/install.ts'
import { treeRoot } from '../../src/entry.ts'
import { freePorts } from '../support/jupyter-client.ts'

const python = process.env['LABFLOW_TEST_PYTHON'] ?? join(treeRoot, '.venv', 'bin', 'python')
let folder: string
let server: ChildProcess
let manager: KernelManager
let kernel: Kernel.IKernelConnection

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lf-lab-'))
  mkdirSync(join(folder, 'runtime'), { mode: 0o700 })
  installKernel({ dataDir: join(folder, 'data') })
  const [port] = await freePorts(1)
  const settings = [`--ServerApp.port=${port}`, '--ServerApp.port_retries=0', '--IdentityProvider.token=secret', '--ServerApp.open_browser=False', '--ServerApp.allow_root=True', `--ServerApp.root_dir=${folder}`]
  server = spawn(python, ['-m', 'jupyter_server', ...settings], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      JUPYTER_DATA_DIR: join(folder, 'data'),
      JUPYTER_CONFIG_DIR: join(folder, 'config'),
      JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
      JUPYTER_PLATFORM_DIRS: '1',
      LABFLOW_HISTORY: join(folder, 'history.jsonl'),
      LABFLOW_HOME: join(folder, 'store'),
    },
  })
  let log = ''
  await Promise.race([
    new Promise<void>((resolve) => server.stderr!.on('data', (chunk) => (log += chunk).includes('is running at') && resolve())),
    once(server, 'exit').then(() => Promise.reject(new Error(`the Jupyter server ended: ${log}`))),
  ])
  manager = new KernelManager({
    serverSettings: ServerConnection.makeSettings({ baseUrl: `http://127.0.0.1:${port}`, wsUrl: `ws://127.0.0.1:${port}`, token: 'secret', appendToken: true }),
  })
  kernel = await manager.startNew({ name: 'labflow' })
  await kernel.info
})
afterAll(async () => {
  await kernel?.shutdown().catch(() => undefined)
  kernel?.dispose()
  manager?.dispose()
  if (server?.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

/** Runs a cell; resolves with its reply and what it showed. */
async function run(code: string): Promise<{ reply: KernelMessage.IExecuteReplyMsg; shown: KernelMessage.IIOPubMessage[] }> {
  const future = kernel.requestExecute({ code })
  const shown: KernelMessage.IIOPubMessage[] = []
  future.onIOPub = (message) => void shown.push(message)
  return { reply: await future.done, shown }
}

test('Lab shows Busy from a cell’s start to its end, also while it asks for completions', async () => {
  const future = kernel.requestExecute({ code: "console.log('in'); while (true) {}" })
  await new Promise<void>((resolve) => (future.onIOPub = (message) => void (message.header.msg_type === 'stream' && resolve())))
  for (let round = 0; round < 3; round += 1) {
    const completed = await kernel.requestComplete({ code: 'Math.sqr', cursor_pos: 8 })
    expect(completed.content).toMatchObject({ status: 'ok', matches: ['sqrt'] })
    // The reply comes before the bracket's broadcasts: one more round trip, and they are in.
    const info = kernel.requestKernelInfo()
    await info
    if (kernel.status !== 'busy') await new Promise<void>((resolve) => kernel.statusChanged.connect((_, status) => status === 'busy' && resolve()))
    expect(kernel.status).toBe('busy')
  }
  await kernel.interrupt()
  expect((await future.done).content.status).toBe('error')
})

test('10,000 printed lines reach Lab whole', async () => {
  const { shown } = await run('for (let i = 0; i < 10_000; i++) console.log(i)')
  const text = shown.map((message) => (message.header.msg_type === 'stream' ? (message.content as { text: string }).text : '')).join('')
  expect(text.trim().split('\n').map(Number)).toEqual(Array.from({ length: 10_000 }, (_, n) => n))
})

test('a restart in Lab gives a fresh kernel that answers', async () => {
  await run('const before = 1')
  await kernel.restart()
  const { shown } = await run('typeof before')
  expect(JSON.stringify(shown.map((message) => message.content))).toContain('undefined')
})

test('what Lab knows of the language makes it colour TypeScript', async () => {
  expect((await kernel.info).language_info).toMatchObject({ name: 'typescript', codemirror_mode: 'typescript', mimetype: 'application/typescript' })
})
