/**
 * Owns the order of cells: one runs, the others wait; after an error those that wait are handed back unrun.
 * Knows nothing of messages' content but stop_on_error.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { JupyterMessage } from './wire/message.ts'

/** Waiting cells beyond this are aborted at once. */
const maxWaitingCells = 100_000
/** Turns of the event loop that cells which already arrived get, to be read before an error aborts what waits. */
const drainTurns = 3

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
      const { mayGoOn, answer } = await this.#handlers.run(request)
      // Before the answer: a cell that is sent after it was seen must run.
      for (let turn = 0; !mayGoOn && turn < drainTurns; turn += 1) await nextTurn()
      answer()
      this.#running = null
      if (!mayGoOn) this.#abortWaiting()
    }
    this.#isWorking = false
  }
}
