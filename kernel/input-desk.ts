/**
 * Owns questions to the user (input_request) and their answers: one at a time, the others wait in line.
 * Refuses answers to questions that were given up; an interrupt gives all of them up.
 */
import { LabflowError } from '../src/model/errors.ts'
import type { KernelIo } from './io.ts'
import type { JupyterMessage } from './wire/message.ts'

/** Questions in line beyond this are refused. */
const maxQuestions = 1_000

interface Question {
  request: JupyterMessage
  prompt: string
  isPassword: boolean
  resolve(value: string): void
  reject(error: Error): void
}

export class InputDesk {
  readonly #io: KernelIo
  #line: Question[] = []
  /** Message id of the question that the front end shows now. */
  #openId: string | null = null

  constructor(io: KernelIo) {
    this.#io = io
  }

  /** Asks in the cell of `request`. @throws LabflowError INTERRUPTED, or LIMIT_REACHED with 1,000 questions waiting. */
  ask(request: JupyterMessage, prompt: string, isPassword: boolean): Promise<string> {
    if (this.#line.length >= maxQuestions) {
      return Promise.reject(new LabflowError('LIMIT_REACHED', `${maxQuestions} questions wait for input already; answer those first.`))
    }
    return new Promise((resolve, reject) => {
      this.#line.push({ request, prompt, isPassword, resolve, reject })
      if (this.#line.length === 1) this.#showNext()
    })
  }

  /** Takes an input_reply. Old clients name no question: then it answers the open one. */
  answer(message: JupyterMessage): void {
    const asked = message.parentHeader.msg_id
    if (this.#openId === null || (asked !== undefined && asked !== this.#openId)) return
    const value = message.content['value']
    this.#line.shift()!.resolve(typeof value === 'string' ? value : '')
    this.#showNext()
  }

  /** Gives up every question. */
  cancelAll(): void {
    const line = this.#line
    this.#line = []
    this.#openId = null
    for (const question of line) question.reject(new LabflowError('INTERRUPTED', 'Interrupted while waiting for input.'))
  }

  #showNext(): void {
    const next = this.#line[0]
    this.#openId = next === undefined ? null : this.#io.ask(next.request, 'input_request', { prompt: next.prompt, password: next.isPassword })
  }
}
