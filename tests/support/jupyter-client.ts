/**
 * A Jupyter client for tests: starts a kernel process, speaks raw frames over zeromq, and waits on messages, never on time.
 * Signs by its own code, so that a mistake in the kernel's signing cannot hide itself.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Dealer, Request, Subscriber } from 'zeromq'

/** No test waits longer for a message; only a hang gets there. */
const hangLimitMs = 30_000

export interface ClientMessage {
  header: { msg_id: string; msg_type: string; [field: string]: unknown }
  parent_header: { msg_id?: string; [field: string]: unknown }
  metadata: Record<string, any>
  content: Record<string, any>
  buffers: Buffer[]
}

type Channel = 'shell' | 'control' | 'stdin' | 'iopub'

/** Messages of one channel in the order of arrival, with waiting. */
class Inbox {
  readonly messages: ClientMessage[] = []
  readonly #waiters = new Set<(message: ClientMessage) => void>()
  push(message: ClientMessage): void {
    this.messages.push(message)
    for (const look of this.#waiters) look(message)
  }
  async find(matches: (message: ClientMessage) => boolean, what: string): Promise<ClientMessage> {
    const known = this.messages.find(matches)
    if (known !== undefined) return known
    return new Promise((resolve, reject) => {
      const look = (message: ClientMessage): void => {
        if (matches(message)) end(() => resolve(message))
      }
      const timer = setTimeout(() => end(() => reject(new Error(`no ${what} within ${hangLimitMs} ms; last: ${this.#tail()}`))), hangLimitMs)
      const end = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiters.delete(look)
        settle()
      }
      this.#waiters.add(look)
    })
  }
  #tail(): string {
    return this.messages.slice(-5).map((m) => `${m.header.msg_type} ${JSON.stringify(m.content).slice(0, 200)}`).join(' | ')
  }
}

export interface StartOptions {
  /** Entry file of the kernel process. */
  entry: string
  transport?: 'tcp' | 'ipc'
  environment?: Record<string, string>
  /** Working folder of the kernel, as the notebook's folder; default: a new temp folder. */
  folder?: string
}

export interface CellRun {
  reply: ClientMessage
  /** Everything iopub said under this cell from busy to its first idle. */
  iopub: ClientMessage[]
  /** stdout joined. */
  stdout: string
  stderr: string
}

export class JupyterClient {
  readonly key = randomUUID()
  readonly session = randomUUID()
  readonly scratch = mkdtempSync(join(tmpdir(), 'lf-'))
  readonly inboxes = { shell: new Inbox(), control: new Inbox(), stdin: new Inbox(), iopub: new Inbox() }
  process!: ChildProcess
  kernelStderr = ''
  #shell = new Dealer({ routingId: this.session, linger: 0 })
  #control = new Dealer({ routingId: this.session, linger: 0 })
  #stdin = new Dealer({ routingId: this.session, linger: 0 })
  #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 })
  #heartbeat = new Request({ linger: 0 })
  #sending: Promise<unknown> = Promise.resolve()
  logPath = ''

  /** Starts the kernel and resolves when it answers and its broadcasts arrive. */
  static async start(options: StartOptions): Promise<JupyterClient> {
    const client = new JupyterClient()
    try {
      await client.#start(options)
    } catch (error) {
      await client.stop()
      throw error
    }
    return client
  }

  async #start({ entry, transport = 'tcp', environment = {}, folder }: StartOptions): Promise<void> {
    const ports = transport === 'tcp' ? await freePorts(5) : [1, 2, 3, 4, 5]
    const [shell_port, iopub_port, stdin_port, control_port, hb_port] = ports
    const ip = transport === 'tcp' ? '127.0.0.1' : join(this.scratch, 'k')
    const file = join(this.scratch, 'kernel.json')
    writeFileSync(file, JSON.stringify({ transport, ip, shell_port, iopub_port, stdin_port, control_port, hb_port, key: this.key, signature_scheme: 'hmac-sha256' }))
    this.logPath = join(this.scratch, 'kernel.labflow.log')
    this.process = spawn(process.execPath, [entry, file], {
      cwd: folder ?? this.scratch,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LABFLOW_HISTORY: join(this.scratch, 'history.jsonl'), JPY_PARENT_PID: String(process.pid), ...environment },
    })
    this.process.stderr!.on('data', (chunk) => (this.kernelStderr += chunk))
    const at = (port: number | undefined): string => (transport === 'tcp' ? `tcp://${ip}:${port}` : `ipc://${ip}-${port}`)
    this.#iopub.connect(at(iopub_port))
    this.#iopub.subscribe('')
    this.#shell.connect(at(shell_port))
    this.#control.connect(at(control_port))
    this.#stdin.connect(at(stdin_port))
    this.#heartbeat.connect(at(hb_port))
    void this.#listen('shell', this.#shell)
    void this.#listen('control', this.#control)
    void this.#listen('stdin', this.#stdin)
    void this.#listen('iopub', this.#iopub)
    const died = once(this.process, 'exit').then(([code]) => Promise.reject(new Error(`kernel ended with ${code}: ${this.kernelStderr}`)))
    died.catch(() => undefined)
    await Promise.race([died, this.inboxes.iopub.find((message) => message.header.msg_type === 'iopub_welcome', 'iopub_welcome')])
    await Promise.race([died, this.request('kernel_info_request', {})])
  }

  /** Sends a request; returns its message id. */
  send(type: string, content: object, options: { channel?: 'shell' | 'control' | 'stdin'; parent?: object; key?: string; buffers?: Uint8Array[] } = {}): string {
    const { channel = 'shell', parent = {}, key = this.key, buffers = [] } = options
    const id = randomUUID()
    const header = { msg_id: id, msg_type: type, session: this.session, username: 'test', date: new Date().toISOString(), version: '5.4' }
    const parts = [header, parent, {}, content].map((part) => JSON.stringify(part))
    const hmac = createHmac('sha256', key)
    for (const part of parts) hmac.update(part)
    this.sendFrames(channel, ['<IDS|MSG>', hmac.digest('hex'), ...parts, ...buffers])
    return id
  }

  /** Sends any frames as they are. */
  sendFrames(channel: 'shell' | 'control' | 'stdin', frames: (string | Uint8Array)[]): void {
    const socket = { shell: this.#shell, control: this.#control, stdin: this.#stdin }[channel]
    this.#sending = this.#sending.then(() => socket.send(frames))
  }

  /** Reply to a request that was sent. */
  reply(id: string, channel: 'shell' | 'control' = 'shell'): Promise<ClientMessage> {
    return this.inboxes[channel].find((message) => message.parent_header.msg_id === id, `reply to ${id}`)
  }

  async request(type: string, content: object, channel: 'shell' | 'control' = 'shell'): Promise<ClientMessage> {
    return this.reply(this.send(type, content, { channel }), channel)
  }

  /** Resolves at the idle of this request. */
  idle(id: string): Promise<ClientMessage> {
    return this.published(id, (message) => message.header.msg_type === 'status' && message.content['execution_state'] === 'idle', 'idle')
  }

  /** First broadcast under this request that matches. */
  published(id: string, matches: (message: ClientMessage) => boolean, what = 'broadcast'): Promise<ClientMessage> {
    return this.inboxes.iopub.find((message) => message.parent_header.msg_id === id && matches(message), what)
  }

  sendCell(code: string, extra: object = {}): string {
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: true, stop_on_error: true, ...extra }
    return this.send('execute_request', content)
  }

  async run(code: string, extra: object = {}): Promise<CellRun> {
    return this.runOf(this.sendCell(code, extra))
  }

  async runOf(id: string): Promise<CellRun> {
    const [reply, idle] = await Promise.all([this.reply(id), this.idle(id)])
    const all = this.inboxes.iopub.messages
    const iopub = all.slice(0, all.indexOf(idle) + 1).filter((message) => message.parent_header.msg_id === id)
    const text = (name: string): string =>
      iopub.filter((message) => message.header.msg_type === 'stream' && message.content['name'] === name).map((message) => message.content['text']).join('')
    return { reply, iopub, stdout: text('stdout'), stderr: text('stderr') }
  }

  /** States that a front end would have shown, in order, from a place in the broadcasts on. */
  states(from = 0): { state: string; parent: string | undefined }[] {
    return this.inboxes.iopub.messages
      .slice(from)
      .filter((message) => message.header.msg_type === 'status')
      .map((message) => ({ state: message.content['execution_state'] as string, parent: message.parent_header.msg_id }))
  }

  async heartbeat(text: string): Promise<string> {
    await this.#heartbeat.send(text)
    const [answer] = await this.#heartbeat.receive()
    return String(answer)
  }

  /** Resolves with the exit code of the kernel. */
  async exited(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit')
    return this.process.exitCode
  }

  /** Ends kernel and sockets; safe twice and after a failed start. */
  async stop(): Promise<void> {
    const isAlive = (): boolean => this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null
    if (isAlive()) {
      this.send('shutdown_request', { restart: false }, { channel: 'control' })
      const force = setTimeout(() => this.process.kill('SIGKILL'), 8_000)
      await this.exited()
      clearTimeout(force)
    }
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub, this.#heartbeat]) socket.close()
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }

  async #listen(channel: Channel, socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      const at = frames.findIndex((frame) => String(frame) === '<IDS|MSG>')
      const [header, parent_header, metadata, content] = frames.slice(at + 2, at + 6).map((frame) => JSON.parse(String(frame)))
      this.inboxes[channel].push({ header, parent_header, metadata, content, buffers: frames.slice(at + 6) })
    }
  }
}

/** Free TCP ports of this machine. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return (server.address() as AddressInfo).port
    }),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
