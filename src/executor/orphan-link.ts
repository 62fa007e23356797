/**
 * Owns the executor's end of a worker that another executor started: its spool is read along, its death noticed by pid and start time,
 * cancel goes by signal, and by its socket when it has come back.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import type { Clock, Timer } from '../clock.ts'
import { FrameReader } from '../pipe/frame.ts'
import type { FrameChannel } from '../pipe/frame-channel.ts'
import { isSameProcess } from '../wire/process-identity.ts'
import type { WorkerCommand, WorkerMessage } from '../worker/protocol.ts'
import { signalTree } from './process-tree.ts'
import type { AttemptProcess } from './worker-link.ts'

/** How often the spool and the process are looked at. */
const LOOK_MS = 100
const READ_BYTES = 1024 * 1024

export interface OrphanHandlers {
  onMessage(message: WorkerMessage, buffers: Uint8Array[]): void
  /** Exactly once, after the last frame of the spool. */
  onGone(words: string): void
}

export class OrphanLink implements AttemptProcess {
  readonly pid: number
  readonly start: string | null
  readonly #spoolPath: string
  readonly #handlers: OrphanHandlers
  readonly #reader: FrameReader<WorkerMessage>
  #timer: Timer | null = null
  #offset = 0
  #channel: FrameChannel | null = null

  constructor(pid: number, start: string | null, spoolPath: string, handlers: OrphanHandlers) {
    this.pid = pid
    this.start = start
    this.#spoolPath = spoolPath
    this.#handlers = handlers
    this.#reader = new FrameReader<WorkerMessage>(({ message, buffers }) => handlers.onMessage(message, buffers))
  }

  /** Whether the very process still runs. */
  get isAlive(): boolean {
    return isSameProcess(this.pid, this.start)
  }

  /** Begins to read along; the first look is now. */
  watch(clock: Clock): void {
    this.#look()
    this.#timer = clock.every(LOOK_MS, () => this.#look())
    if (!this.isAlive) this.#look()
  }

  /** The worker has come back over its socket. */
  attach(channel: FrameChannel): void {
    this.#channel = channel
  }

  send(command: WorkerCommand, buffers: readonly Uint8Array[] = []): boolean {
    if (this.#channel === null || this.#channel.isClosed) return false
    this.#channel.send(command, buffers)
    return true
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.isAlive) signalTree(this.pid, signal)
  }

  stop(): void {
    this.#timer?.stop()
    this.#timer = null
    this.#channel?.close()
  }

  #look(): void {
    // Asked before reading: what a process wrote before it died is then read.
    const wasAlive = this.isAlive
    this.#readSpool()
    if (wasAlive || this.#timer === null) return
    this.stop()
    this.#handlers.onGone('ended while no executor ran')
  }

  #readSpool(): void {
    let file: number
    try {
      file = openSync(this.#spoolPath, 'r')
    } catch {
      return
    }
    try {
      for (;;) {
        const chunk = Buffer.allocUnsafe(READ_BYTES)
        const got = readSync(file, chunk, 0, READ_BYTES, this.#offset)
        if (got === 0) return
        this.#offset += got
        this.#reader.push(chunk.subarray(0, got))
      }
    } finally {
      closeSync(file)
    }
  }
}
