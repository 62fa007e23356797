/**
 * Owns the order of work on the one open cell: one piece at a time, what a user waits for before what only speeds up later answers.
 */

type Work = () => Promise<void>

/** Background work begins when nobody asked for so long: its 10 ms must not fall into the start of the next cell or of a run. */
const QUIET_MS = 30
/** With more than so much background work waiting, it is due between questions too: else many cells at once would stay long. */
const MAX_WAITING = 20

/** Two queues and one worker. */
export class Turns {
  private readonly urgent: Work[] = []
  private readonly background: Work[] = []
  private isBusy = false
  private lastUrgentMs = -QUIET_MS
  private timer: NodeJS.Timeout | null = null

  /** Runs `work` when its turn comes and answers what it answers. */
  take<T>(work: () => Promise<T>, isUrgent = true): Promise<T> {
    return new Promise((resolve, reject) => {
      const queue = isUrgent ? this.urgent : this.background
      queue.push(() => work().then(resolve, reject).finally(() => {
        if (isUrgent) this.lastUrgentMs = performance.now()
      }))
      void this.run()
    })
  }

  private async run(): Promise<void> {
    if (this.isBusy) return
    this.isBusy = true
    try {
      for (let next = this.next(); next; next = this.next()) await next()
    } finally {
      this.isBusy = false
    }
  }

  private next(): Work | undefined {
    const urgent = this.urgent.shift()
    if (urgent !== undefined) return urgent
    const quietInMs = this.background.length > MAX_WAITING ? 0 : this.lastUrgentMs + QUIET_MS - performance.now()
    if (quietInMs <= 0) return this.background.shift()
    if (this.background.length > 0) this.timer ??= setTimeout(() => this.wake(), quietInMs + 1)
    return undefined
  }

  private wake(): void {
    this.timer = null
    void this.run()
  }
}
