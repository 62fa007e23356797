/**
 * Owns where a worker's messages go: up the pipe while the executor lives, into the attempt's spool once it is gone.
 * Refuses to drop a message silently: while the disk is full, output is counted and told as lost, and an outcome waits for room.
 */
import { BlockingFrameWriter } from '../pipe/blocking-writer.ts'
import { FrameGate } from '../pipe/frame-gate.ts'
import type { WorkerMessage } from './protocol.ts'
import { Spool } from './spool.ts'

/** How often an outcome looks whether the disk has room again. */
const ROOM_LOOK_MS = 500

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
  /** Messages since the last final one that did not fit on the disk. */
  #lostMessages = 0
  readonly #pause = new Int32Array(new SharedArrayBuffer(4))

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
    if (lost !== null) this.#keep(new Spool(lost.spoolPath), lost.message, lost.buffers, true)
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
    if (message.type !== 'engine' && this.#spool !== null) this.#keep(this.#spool, message, buffers, isFinal)
  }

  /** Spools; a final message waits until there is room, for which the watcher thread sets the limit. @throws Error of the file system other than a full disk. */
  #keep(spool: Spool, message: WorkerMessage, buffers: readonly Uint8Array[], isFinal: boolean): void {
    if (isFinal && this.#lostMessages > 0 && 'runId' in message) {
      const words = `the disk was full while no executor ran: ${this.#lostMessages} messages of this run (output, progress) are lost`
      this.#lostMessages = 0
      this.#keep(spool, { type: 'warning', runId: message.runId, message: words }, [], true)
    }
    for (;;) {
      try {
        return spool.append(message, buffers, isFinal)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
        if (!isFinal) return void this.#lostMessages++
        Atomics.wait(this.#pause, 0, 0, ROOM_LOOK_MS)
      }
    }
  }
}
