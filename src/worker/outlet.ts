/**
 * Owns where a worker's messages go: up the pipe while the executor lives, into the attempt's spool once it is gone.
 * Refuses to drop a message silently.
 */
import { BlockingFrameWriter } from '../pipe/blocking-writer.ts'
import { FrameGate } from '../pipe/frame-gate.ts'
import type { WorkerMessage } from './protocol.ts'
import { Spool } from './spool.ts'

interface SentFinal {
  message: WorkerMessage
  buffers: readonly Uint8Array[]
  spoolPath: string
}

/** Sends messages from the main thread, also from a loop that never yields. */
export class Outlet {
  readonly #writer: BlockingFrameWriter
  readonly #onOrphaned: () => void
  #spool: Spool | null = null
  #lastFinal: SentFinal | null = null
  #isOrphan = false

  constructor(fd: number, gate: FrameGate, onOrphaned: () => void) {
    this.#onOrphaned = onOrphaned
    this.#writer = new BlockingFrameWriter(fd, { gate, onGone: () => this.orphan() })
  }

  get isOrphan(): boolean {
    return this.#isOrphan
  }

  /** Names the spool of the attempt that begins. */
  beginAttempt(spoolPath: string): void {
    this.#spool?.close()
    this.#spool = new Spool(spoolPath)
    this.#lastFinal = null
  }

  /** The executor is gone: everything from now on is spooled, and so is a final message that may have been lost in the pipe. */
  orphan(): void {
    if (this.#isOrphan) return
    this.#isOrphan = true
    const lost = this.#lastFinal
    if (lost !== null) new Spool(lost.spoolPath).append(lost.message, lost.buffers, true)
    this.#onOrphaned()
  }

  /** A further command came, so the executor has read the last final message. */
  confirm(): void {
    this.#lastFinal = null
  }

  send(message: WorkerMessage, buffers: readonly Uint8Array[] = []): void {
    const isFinal = message.type === 'completed' || message.type === 'failed'
    if (!this.#isOrphan && this.#writer.write(message, buffers)) {
      if (isFinal && this.#spool !== null) this.#lastFinal = { message, buffers, spoolPath: this.#spool.path }
      return
    }
    // Requests to an executor that is gone travel by the watcher's socket; in a file they would be asked too late.
    if (message.type !== 'engine') this.#spool?.append(message, buffers, isFinal)
  }
}
