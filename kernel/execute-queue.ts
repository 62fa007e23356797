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

export interface ExecuteQueueHandlers {
  /** Runs one cell; resolves whether those behind it may run. Never rejects. */
  run(request: JupyterMessage): Promise<boolean>
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

  /** Answers all that wait as aborted. */
  abortWaiting(): void {
    for (const request of this.#waiting.splice(0)) this.#handlers.abort(request)
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      this.#running = request
      const mayGoOn = await this.#handlers.run(request)
      this.#running = null
      if (mayGoOn) continue
      for (let turn = 0; turn < drainTurns; turn += 1) await nextTurn()
      this.abortWaiting()
    }
    this.#isWorking = false
  }
}
