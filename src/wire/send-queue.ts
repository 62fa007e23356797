/**
 * Owns the order in which messages leave one socket: one send at a time, the next when the one before is taken.
 * zeromq.js takes 512 sends in one turn and then throws EBUSY for each that is not awaited: a kernel that sends
 * without this queue loses its own idle after 10,000 printed lines. Refuses messages after close.
 */

/** Frames of one message. */
export type Frames = (string | Uint8Array)[]

/** Messages waiting in one queue beyond this are dropped: only a broken socket gets there. */
const MAX_WAITING_MESSAGES = 1_000_000

export class SendQueue {
  #waiting: Frames[] = []
  #isSending = false
  #isClosed = false
  #drained: (() => void)[] = []
  readonly #send: (frames: Frames) => Promise<void>
  readonly #log: (line: string) => void

  constructor(send: (frames: Frames) => Promise<void>, log: (line: string) => void) {
    this.#send = send
    this.#log = log
  }

  /** Sends at once when nothing waits, else in turn. Never throws. */
  push(frames: Frames): void {
    if (this.#isClosed) return
    if (this.#waiting.length >= MAX_WAITING_MESSAGES) return this.#log(`send queue full at ${MAX_WAITING_MESSAGES} messages, one dropped`)
    this.#waiting.push(frames)
    if (!this.#isSending) void this.#drain()
  }

  /** Resolves when everything pushed so far was handed to the socket. */
  async drained(): Promise<void> {
    if (!this.#isSending) return
    await new Promise<void>((resolve) => this.#drained.push(resolve))
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = []
  }

  async #drain(): Promise<void> {
    this.#isSending = true
    // Whole batches are swapped out: shift() on a long array costs its length.
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      for (const frames of batch) {
        if (this.#isClosed) break
        try {
          await this.#send(frames)
        } catch (error) {
          if (!this.#isClosed) this.#log(`send failed: ${(error as Error).message}`)
        }
      }
    }
    this.#isSending = false
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}
