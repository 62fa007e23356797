/**
 * Owns the order of work on the one open cell: one piece at a time, what a user waits for before what only speeds up later answers.
 */

type Work = () => Promise<void>

/** Two queues and one worker. */
export class Turns {
  private readonly urgent: Work[] = []
  private readonly background: Work[] = []
  private isBusy = false

  /** Runs `work` when its turn comes and answers what it answers. */
  take<T>(work: () => Promise<T>, isUrgent = true): Promise<T> {
    return new Promise((resolve, reject) => {
      const queue = isUrgent ? this.urgent : this.background
      queue.push(() => work().then(resolve, reject))
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
    return this.urgent.shift() ?? this.background.shift()
  }
}
