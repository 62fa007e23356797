/**
 * Owns the rate of card updates: at most so many a second for one card and for all cards of a notebook together, the last one always sent.
 * Refuses to render early: a card is drawn at the moment it is sent, so a skipped update costs nothing.
 */

/** Time, handed in so that tests can drive it. */
export interface ThrottleClock {
  nowMs(): number
  /** Returns the way to cancel. */
  after(delayMs: number, run: () => void): () => void
}

/** Updates a second. */
export interface ThrottleLimits {
  perCard: number
  perNotebook: number
}

const SYSTEM_CLOCK: ThrottleClock = {
  nowMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

interface Waiting {
  send: () => void
  cancel: () => void
}

/** Sends each card's newest state at the allowed rate. */
export class CardThrottle {
  readonly #cardGapMs: number
  readonly #notebookGapMs: number
  readonly #clock: ThrottleClock
  readonly #lastSentMs = new Map<string, number>()
  readonly #waiting = new Map<string, Waiting>()
  #nextFreeMs = 0

  constructor(limits: ThrottleLimits = { perCard: 5, perNotebook: 50 }, clock: ThrottleClock = SYSTEM_CLOCK) {
    this.#cardGapMs = 1000 / limits.perCard
    this.#notebookGapMs = 1000 / limits.perNotebook
    this.#clock = clock
  }

  /** Asks for an update; `send` draws and sends, now or when the rate allows. Only the newest of several waiting is kept. */
  update(cardId: string, send: () => void): void {
    const waiting = this.#waiting.get(cardId)
    if (waiting) {
      waiting.send = send
      return
    }
    const nowMs = this.#clock.nowMs()
    const last = this.#lastSentMs.get(cardId)
    const dueMs = Math.max(nowMs, this.#nextFreeMs, last === undefined ? nowMs : last + this.#cardGapMs)
    this.#nextFreeMs = Math.max(nowMs, this.#nextFreeMs) + this.#notebookGapMs
    if (dueMs <= nowMs) {
      this.#lastSentMs.set(cardId, nowMs)
      send()
      return
    }
    const entry: Waiting = { send, cancel: () => {} }
    entry.cancel = this.#clock.after(dueMs - nowMs, () => {
      this.#waiting.delete(cardId)
      this.#lastSentMs.set(cardId, this.#clock.nowMs())
      entry.send()
    })
    this.#waiting.set(cardId, entry)
  }

  /** Sends a card that is not shown yet, at once: a cell must not end before its card is there. */
  begin(cardId: string, send: () => void): void {
    const nowMs = this.#clock.nowMs()
    this.#lastSentMs.set(cardId, nowMs)
    this.#nextFreeMs = Math.max(nowMs, this.#nextFreeMs) + this.#notebookGapMs
    send()
  }

  /** Sends the last state of a card at once, in place of any that waits. */
  finish(cardId: string, send: () => void): void {
    this.#waiting.get(cardId)?.cancel()
    this.#waiting.delete(cardId)
    this.#lastSentMs.delete(cardId)
    send()
  }

  /** Sends what waits, at once. */
  flush(): void {
    for (const [cardId, waiting] of [...this.#waiting]) this.finish(cardId, waiting.send)
  }
}
