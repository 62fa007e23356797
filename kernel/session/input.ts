/**
 * Owns questions of user code to the person at the notebook: prompt() and confirm(), answered through the kernel.
 */
import { LabflowError } from '../../src/model/errors.ts'
import { currentRun } from './cell-context.ts'
import type { Outlet } from './outlet.ts'

/** Open questions by cell, answered in the order they were asked: Jupyter's input has no other key. */
export class InputRequests {
  readonly #outlet: Outlet
  readonly #waiting = new Map<string, ((value: string) => void)[]>()

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  /** Asks for a line of text; an empty answer gives `fallback`. @throws LabflowError when nobody can answer, as in a headless run. */
  async prompt(message = '', fallback = ''): Promise<string> {
    const answer = await this.#ask(String(message))
    return answer === '' ? fallback : answer
  }

  /** Asks a yes/no question; y and yes are true. */
  async confirm(message = ''): Promise<boolean> {
    return /^y(es)?$/i.test((await this.#ask(`${String(message)} [y/N] `)).trim())
  }

  answer(cellId: string, value: string): void {
    const queue = this.#waiting.get(cellId)
    const resolve = queue?.shift()
    if (queue?.length === 0) this.#waiting.delete(cellId)
    resolve?.(value)
  }

  #ask(prompt: string): Promise<string> {
    const run = currentRun()
    if (run === null || !run.allowStdin) {
      throw new LabflowError('INTERRUPTED', `prompt(${JSON.stringify(prompt)}) cannot be answered: this front end takes no input`)
    }
    return new Promise((resolve) => {
      const queue = this.#waiting.get(run.cellId) ?? []
      queue.push(resolve)
      this.#waiting.set(run.cellId, queue)
      this.#outlet.send({ type: 'input-request', cellId: run.cellId, prompt, isPassword: false })
    })
  }
}
