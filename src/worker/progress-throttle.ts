/**
 * Owns the pace of progress messages: at most one per bar in 20 ms, and the last value always.
 */
import type { Progress } from '../model/run.ts'

const INTERVAL_MS = 20

/** Thins the progress of one attempt. Works in a loop that never yields: time is read at each call. */
export class ProgressThrottle {
  readonly #send: (progress: Progress) => void
  readonly #sentAt = new Map<string, number>()
  readonly #held = new Map<string, Progress>()
  #timer: NodeJS.Timeout | null = null

  constructor(send: (progress: Progress) => void) {
    this.#send = send
  }

  report(progress: Progress): void {
    const now = performance.now()
    const isDue = now - (this.#sentAt.get(progress.barId) ?? Number.NEGATIVE_INFINITY) >= INTERVAL_MS
    if (!isDue && progress.done !== progress.total) {
      this.#held.set(progress.barId, progress)
      this.#timer ??= setTimeout(() => this.flush(), INTERVAL_MS)
      return
    }
    this.#sentAt.set(progress.barId, now)
    this.#held.delete(progress.barId)
    this.#send(progress)
  }

  /** Sends what was held back. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    for (const [barId, progress] of this.#held) {
      this.#sentAt.set(barId, performance.now())
      this.#send(progress)
    }
    this.#held.clear()
  }
}
