/**
 * Owns one real worker process driven through its pipes, as the executor drives it, without an executor.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { entryPath } from '../../src/entry.ts'
import type { CodeBundle, Definition, ImportBinding, RunOptions, RunOutput, RunResult } from '../../src/model/run.ts'
import { FrameReader } from '../../src/pipe/frame.ts'
import { sendFrame } from '../../src/pipe/frame-channel.ts'
import { decodeValue, encodeOnly, fromBuffers, toBuffers } from '../../src/values/codec.ts'
import type { CodecContext } from '../../src/values/codec.ts'
import type { AttemptCommand } from '../../src/worker/attempt.ts'
import type { WorkerCommand, WorkerMessage } from '../../src/worker/protocol.ts'

export interface Received {
  message: WorkerMessage
  buffers: Uint8Array[]
}

type Final = Extract<WorkerMessage, { type: 'completed' | 'failed' }>

const OPTIONS: RunOptions = {
  retries: 0, retryDelay: { kind: 'list', delaysMs: [0] }, retryJitter: 0, retryOn: [], timeoutMs: null, cache: null, refresh: false, tags: [], seed: null,
}

/** What a test says of an attempt; the rest has defaults. */
export interface AttemptSpec {
  code: Partial<CodeBundle> & Pick<CodeBundle, 'entry'>
  args?: unknown[]
  captured?: Record<string, unknown>
  seed?: number
  env?: Record<string, string>
  cwd?: string
  codec?: CodecContext
}

export class WorkerFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'labflow-worker-'))
  readonly child: ChildProcess
  readonly received: Received[] = []
  readonly #waiting = new Set<() => void>()
  #attempts = 0

  constructor(env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, ['--no-force-async-hooks-checks', entryPath('src/worker/main')], {
      cwd: this.folder, detached: true, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
    })
    const reader = new FrameReader<WorkerMessage>((frame) => {
      this.received.push(frame)
      for (const wake of [...this.#waiting]) wake()
    })
    this.pipe(3).on('data', (chunk: Buffer) => reader.push(chunk))
    for (const fd of [3, 4, 5]) this.pipe(fd).on('error', () => {})
    this.child.stdout?.resume()
    this.child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk))
  }

  pipe(fd: number): Duplex {
    return this.child.stdio[fd] as Duplex
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  send(command: WorkerCommand, buffers: Uint8Array[] = []): void {
    sendFrame(this.pipe(4), command, buffers)
  }

  /** Starts an attempt; `spoolPath` is where its frames go when this process is gone. */
  begin(spec: AttemptSpec): AttemptCommand {
    const number = ++this.#attempts
    const { entry, ...rest } = spec.code
    const code: CodeBundle = { imports: [], definitions: [], folder: this.folder, fingerprint: '', fingerprintParts: {}, ...rest, entry }
    const command: AttemptCommand = {
      type: 'attempt', runId: `run-${number}`, shortId: `r${number}`, kind: 'task', name: 'test', attempt: 1, nonce: `nonce-${number}`, code, options: OPTIONS,
      environment: { cwd: spec.cwd ?? this.folder, env: { PATH: process.env['PATH'] ?? '', ...spec.env }, nodePath: process.execPath },
      spoolPath: join(this.folder, 'store', 'spool', `run-${number}.1.frames`), seed: spec.seed ?? null, parameters: {},
    }
    this.send(command, toBuffers(encodeOnly({ args: spec.args ?? [], captured: spec.captured ?? {} }, spec.codec)))
    return command
  }

  /** Runs an attempt to its end. */
  async run(spec: AttemptSpec): Promise<{ final: Final; result: RunResult | null; messages: WorkerMessage[]; text: string }> {
    const { runId } = this.begin(spec)
    const { message, buffers } = await this.wait((one) => (one.type === 'completed' || one.type === 'failed') && one.runId === runId)
    const encoded = fromBuffers(buffers)
    const messages = this.received.map((one) => one.message).filter((one) => 'runId' in one && one.runId === runId)
    const context = spec.codec ?? {}
    return { final: message as Final, result: encoded === null ? null : (decodeValue(encoded, context) as RunResult), messages, text: textOf(messages) }
  }

  /** The first message that fits, also one that came before. */
  wait(fits: (message: WorkerMessage) => boolean): Promise<Received> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.received.find((one) => fits(one.message))
        if (found === undefined) return
        this.#waiting.delete(look)
        resolve(found)
      }
      this.#waiting.add(look)
      this.child.once('exit', (code, signal) => setImmediate(() => {
        look()
        reject(new Error(`the worker ended (${signal ?? code}) before the message came; last: ${JSON.stringify(this.received.at(-1)?.message)}`))
      }))
      look()
    })
  }

  exited(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve(this.child.exitCode)
    return new Promise((resolve) => this.child.once('exit', (code) => resolve(code)))
  }

  /** As when the executor dies: every pipe closes at once. */
  abandon(): void {
    for (const fd of [3, 4, 5]) this.pipe(fd).destroy()
  }

  readSpool(path: string): Received[] {
    const frames: Received[] = []
    new FrameReader<WorkerMessage>((frame) => frames.push(frame)).push(readFileSync(path))
    return frames
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL')
      await this.exited()
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export function textOf(messages: WorkerMessage[]): string {
  const outputs = messages.flatMap((message) => (message.type === 'output' ? [message.output] : []))
  return outputs.filter((output): output is Extract<RunOutput, { type: 'stream' }> => output.type === 'stream').map((output) => output.text).join('')
}

export function cell(source: string, outputs: string[] = [], extra: { imports?: ImportBinding[]; definitions?: Definition[] } = {}, folder = '/tmp'): AttemptSpec['code'] {
  return { ...extra, entry: { kind: 'cell', source, outputs, functionOutputs: [], filename: join(folder, 'cell-7.ts') } }
}
