/** Owns the executor's end of one worker process: commands down, messages up, raw output, and one notice when it is gone. */
import type { Clock } from '../clock.ts'
import { FrameReader } from '../pipe/frame.ts'
import { sendFrame } from '../pipe/frame-channel.ts'
import { processStart } from '../wire/process-identity.ts'
import type { WorkerCommand, WorkerMessage } from '../worker/protocol.ts'
import { spawnWorker } from './child.ts'
import type { WorkerChild } from './child.ts'
import { signalTree } from './process-tree.ts'

/** What an attempt needs of the process that runs it, whether this executor started it or found it. */
export interface AttemptProcess {
  readonly pid: number
  readonly start: string | null
  /** False when the process cannot be reached that way. */
  send(command: WorkerCommand, buffers?: readonly Uint8Array[]): boolean
  /** Signals the process and all of its descendants. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void
}

export interface WorkerHandlers {
  onMessage(worker: WorkerLink, message: WorkerMessage, buffers: Uint8Array[]): void
  /** Text that reached the process's own stdout or stderr: native code, children. */
  onRawOutput(worker: WorkerLink, name: 'stdout' | 'stderr', text: string): void
  /** Exactly once; every message came before. */
  onGone(worker: WorkerLink, words: string): void
  onDamage(worker: WorkerLink, lostBytes: number): void
}

/** A grandchild may hold the pipe open: the last frames are waited for no longer than this. */
const LAST_FRAMES_MS = 60

export class WorkerLink implements AttemptProcess {
  readonly pid: number
  readonly start: string | null
  readonly nodePath: string
  state: 'starting' | 'idle' | 'busy' | 'parked' | 'retired' = 'starting'
  /** Long id of the run it works on. */
  runId: string | null = null
  /** The last text on stderr, to explain a start that failed. */
  lastWords = ''
  readonly #child: WorkerChild
  readonly #clock: Clock
  readonly #handlers: WorkerHandlers
  #isGone = false

  constructor(nodePath: string, entry: string, cwd: string, clock: Clock, handlers: WorkerHandlers) {
    this.nodePath = nodePath
    this.#clock = clock
    this.#handlers = handlers
    this.#child = spawnWorker(nodePath, entry, cwd)
    this.pid = this.#child.process.pid ?? -1
    this.start = this.pid > 0 ? processStart(this.pid) : null
    this.#listen()
  }

  send(command: WorkerCommand, buffers: readonly Uint8Array[] = []): boolean {
    return !this.#isGone && (sendFrame(this.#child.down, command, buffers) || this.#child.down.writable)
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.pid > 0) signalTree(this.pid, signal)
  }

  /** Lets this process end while the worker goes on: nothing of it keeps the loop alive. */
  release(): void {
    this.#child.process.unref()
    for (const stream of [this.#child.up, this.#child.down, this.#child.watcher]) stream.destroy()
    this.#child.process.stdout?.destroy()
    this.#child.process.stderr?.destroy()
  }

  #listen(): void {
    const { process: child, up } = this.#child
    const reader = new FrameReader<WorkerMessage>(
      ({ message, buffers }) => this.#handlers.onMessage(this, message, buffers),
      (lostBytes) => this.#handlers.onDamage(this, lostBytes),
    )
    let isUpClosed = false
    up.on('data', (chunk: Buffer) => reader.push(chunk))
    up.on('close', () => {
      isUpClosed = true
      if (exit !== null) this.#gone(exit)
    })
    let exit: string | null = null
    child.on('error', (error) => this.#gone(`could not be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      exit = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`
      if (isUpClosed) this.#gone(exit)
      else this.#clock.after(LAST_FRAMES_MS, () => this.#gone(exit as string))
    })
    this.#child.watcher.resume()
    this.#listenRaw('stdout')
    this.#listenRaw('stderr')
  }

  #listenRaw(name: 'stdout' | 'stderr'): void {
    const stream = this.#child.process[name]
    stream?.setEncoding('utf8')
    stream?.on('error', () => {})
    stream?.on('data', (text: string) => {
      if (name === 'stderr') this.lastWords = (this.lastWords + text).slice(-2_000)
      this.#handlers.onRawOutput(this, name, text)
    })
  }

  #gone(words: string): void {
    if (this.#isGone) return
    this.#isGone = true
    // Its children live in its group: none of them outlives it.
    if (this.pid > 0) signalTree(this.pid, 'SIGKILL')
    this.release()
    this.#handlers.onGone(this, words)
  }
}
