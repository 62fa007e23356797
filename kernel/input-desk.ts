/**
 * Owns questions to the user (input_request) and their answers. Questions do not wait for each other: one that is never
 * answered must not block the next cell's. Refuses answers to questions that were given up; an interrupt gives all up.
 */
import { LabflowError } from '../src/model/errors.ts'
import type { KernelIo } from './io.ts'
import type { JupyterMessage } from './wire/message.ts'

/** Open questions beyond this are refused. */
const maxQuestions = 1_000

interface Question {
  resolve(value: string): void
  reject(error: Error): void
}

export class InputDesk {
  readonly #io: KernelIo
  /** By message id of the input_request, oldest first. */
  readonly #open = new Map<string, Question>()

  constructor(io: KernelIo) {
    this.#io = io
  }

  /** Asks in the cell of `request`. @throws LabflowError INTERRUPTED, or LIMIT_REACHED with 1,000 questions open. */
  ask(request: JupyterMessage, prompt: string, isPassword: boolean): Promise<string> {
    if (this.#open.size >= maxQuestions) {
      return Promise.reject(new LabflowError('LIMIT_REACHED', `${maxQuestions} questions wait for input already; answer those first.`))
    }
    return new Promise((resolve, reject) => {
      this.#open.set(this.#io.ask(request, 'input_request', { prompt, password: isPassword }), { resolve, reject })
    })
  }

  /** Takes an input_reply. Old clients name no question: then it answers the oldest. */
  answer(message: JupyterMessage): void {
    const id = message.parentHeader.msg_id ?? this.#open.keys().next().value
    const question = id === undefined ? undefined : this.#open.get(id)
    if (id === undefined || question === undefined) return
    this.#open.delete(id)
    const value = message.content['value']
    question.resolve(typeof value === 'string' ? value : '')
  }

  /** Gives up every question. */
  cancelAll(): void {
    const questions = [...this.#open.values()]
    this.#open.clear()
    for (const question of questions) question.reject(new LabflowError('INTERRUPTED', 'Interrupted while waiting for input.'))
  }
}
