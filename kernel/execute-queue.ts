/**
 * Owns the order of cells: one runs, the others wait; after an error those that wait are handed back unrun.
 * Knows nothing of messages' content but stop_on_error.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { JupyterMessage } from './wire/message.ts'

/** Waiting cells beyond this are aborted at once. */
const maxWaitingCells = 100_000
/**
 * "Run All" sends its cells over some milliseconds; when the first fails at once, the others are still on their way.
 * The answer of a cell that failed early waits this long for them: they must be aborted, and what is sent after the
 * answer was seen must run.
 */
const stragglerMs = 20
/** After this long every cell of one "Run All" has arrived. */
const earlyMs = 500

/** A cell that ran and is not answered yet. */
export interface CellEnd {
  /** Whether those behind it may run. */
  mayGoOn: boolean
  /** Sends reply and idle. */
  answer(): void
}

export interface ExecuteQueueHandlers {
  /** Runs one cell. Never rejects. */
  run(request: JupyterMessage): Promise<CellEnd>
  /** Answers a cell that will not run. */
  abort(request: JupyterMessage): void
}

export class ExecuteQueue {
  readonly #handlers: ExecuteQueueHandlers
  #waiting: JupyterMessage[] = []
  #running: JupyterMessage | null = null
  #isWorking = false

  constructor(handlers: ExecuteQueueHandlers) {
    this.#handlers = handlers
  }

  /** The request whose cell runs now; null when none does. */
  get running(): JupyterMessage | null {
    return this.#running
  }

  push(request: JupyterMessage): void {
    if (this.#waiting.length >= maxWaitingCells) return this.#handlers.abort(request)
    this.#waiting.push(request)
    if (!this.#isWorking) void this.#work()
  }

  #abortWaiting(): void {
    for (const request of this.#waiting.splice(0)) this.#handlers.abort(request)
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      this.#running = request
      const started = performance.now()
      const { mayGoOn, answer } = await this.#handlers.run(request)
      if (!mayGoOn) await pause(performance.now() - started < earlyMs ? stragglerMs : 0)
      answer()
      this.#running = null
      if (!mayGoOn) this.#abortWaiting()
    }
    this.#isWorking = false
  }
}
