/**
 * Owns the kernel's side of the session: starts it, asks it, interrupts it, and starts a fresh one when it ended, which is an ordinary event.
 * Refuses to let a question hang: each is answered, if need be with SESSION_DIED.
 */
import { LabflowError, type ErrorRecord } from '../../src/model/errors.ts'
import type { MimeBundle } from '../../src/model/run.ts'
import type { EngineRequest } from '../../src/wire/engine-protocol.ts'
import type { CommEvent, SessionPort } from '../contract.ts'
import { exitMessage, type SessionExit } from './exit-reason.ts'
import type { CompiledCell, LiveDescription, SessionCommand, SessionMessage } from './protocol.ts'
import { SessionLink } from './session-link.ts'

/** An interrupt that has not ended the cell by then is told to the user, with the offer to restart. */
const STUBBORN_AFTER_MS = 5_000
/** A session that spins cannot describe its values: completion then goes on without them. */
const DESCRIBE_LIMIT_MS = 200

/** Where what the session sends goes. `cellId` null: the newest cell. */
export interface SessionHandlers {
  onStream(cellId: string | null, name: 'stdout' | 'stderr', text: string): void
  onDisplay(cellId: string | null, data: MimeBundle, metadata: Record<string, unknown>, displayId: string | null, isUpdate: boolean): void
  onClear(cellId: string | null, wait: boolean): void
  onLateError(cellId: string | null, error: ErrorRecord): void
  onEngineRequest(cellId: string | null, request: EngineRequest, buffers: Uint8Array[]): void
  onInputRequest(cellId: string, prompt: string, isPassword: boolean): void
  onComm(event: CommEvent, buffers: Uint8Array[]): void
  /** The session ended by itself; `message` says why in words. Not called on restart and close. */
  onExit(exit: { message: string; cellId: string | null }): void
  /** An interrupt did not get through in 5 s: native code runs, and only a restart helps. */
  onUnresponsive?(): void
}

export interface SessionClientOptions {
  /** The notebook's folder, absolute. */
  folder: string
  handlers: SessionHandlers
  /** Default: the kernel's own. */
  env?: NodeJS.ProcessEnv
  /** More flags of Node, such as --max-old-space-size. */
  execArgv?: readonly string[]
}

type Executed = Extract<SessionMessage, { type: 'executed' }>
type Answer = Extract<SessionMessage, { type: 'answer' }>

interface Question {
  cellId: string | null
  answer(message: Executed | Answer, buffers: Uint8Array[]): void
  fail(error: LabflowError): void
}

export class SessionClient implements SessionPort {
  readonly #options: SessionClientOptions
  #link: SessionLink | null = null
  #ready: Promise<void> | null = null
  #questions = new Map<number, Question>()
  #interruptWaits: (() => void)[] = []
  #lastRequestId = 0
  #generation = 0
  #isClosed = false
  #isReady = false

  constructor(options: SessionClientOptions) {
    this.#options = options
  }

  get generation(): number {
    return this.#generation
  }

  get isBusy(): boolean {
    return this.#runningCellId() !== null
  }

  /** Process id of the living session; undefined when there is none. */
  get pid(): number | undefined {
    return this.#link?.pid
  }

  start(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new LabflowError('SESSION_DIED', 'the kernel is shutting down'))
    this.#ready ??= this.#launch()
    return this.#ready
  }

  async execute(command: { cellId: string; cell: CompiledCell; isSilent: boolean; userExpressions: Record<string, string>; allowStdin: boolean }): Promise<Executed> {
    try {
      await this.start()
      const { message } = await this.#question<Executed>((requestId) => ({ type: 'execute', requestId, ...command }), [], command.cellId)
      // Raw output of native code and children comes by pipes of its own: let what has arrived go first.
      await new Promise((resolve) => setImmediate(resolve))
      return message
    } catch (error) {
      const { code, message } = error as LabflowError
      return { type: 'executed', requestId: 0, ok: false, error: { name: code === 'SESSION_DIED' ? 'SessionDied' : 'LabflowError', message, code, traceback: [message] } }
    }
  }

  async ask<T>(command: { type: SessionCommand['type'] } & Record<string, unknown>, buffers: readonly Uint8Array[] = []): Promise<{ value: T; buffers: Uint8Array[] }> {
    await this.start()
    const { message, buffers: received } = await this.#question<Answer>((requestId) => ({ ...command, requestId }) as unknown as SessionCommand, buffers, null)
    if (!message.ok) throw fromRecord(message.error)
    return { value: message.value as T, buffers: received }
  }

  /** Sends a command without an answer; without a living session it is dropped. */
  send(command: SessionCommand, buffers: readonly Uint8Array[] = []): void {
    this.#link?.send(command, buffers)
  }

  async describe(expression: string): Promise<LiveDescription> {
    const nothing: LiveDescription = { exists: false, kind: 'undefined', properties: [], preview: '' }
    const limit = new Promise<LiveDescription>((resolve) => setTimeout(() => resolve(nothing), DESCRIBE_LIMIT_MS).unref())
    const asked = this.ask<LiveDescription>({ type: 'describe', expression }).then(({ value }) => value, () => nothing)
    return this.isBusy ? Promise.race([asked, limit]) : asked
  }

  interrupt(): Promise<void> {
    const link = this.#link
    if (link === null) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#options.handlers.onUnresponsive?.(), STUBBORN_AFTER_MS)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      this.#interruptWaits.push(done)
      link.interrupt()
    })
  }

  async restart(): Promise<void> {
    this.#drop(new LabflowError('SESSION_DIED', 'the session was restarted; variables are gone'))
    this.#generation += 1
    await this.start()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#drop(new LabflowError('SESSION_DIED', 'the kernel is shutting down'))
  }

  #launch(): Promise<void> {
    const { folder, env, execArgv } = this.#options
    return new Promise((resolve, reject) => {
      const link: SessionLink = new SessionLink({ folder, env: env ?? process.env, execArgv }, {
        onMessage: (message, buffers) => {
          if (this.#link !== link) return
          if (message.type === 'ready') {
            this.#isReady = true
            resolve()
          } else this.#receive(message, buffers)
        },
        onRawText: (name, text) => this.#link === link && this.#options.handlers.onStream(this.#runningCellId(), name, text),
        onWatcherMessage: (message) => message.type === 'interrupted' && !this.isBusy && this.#endInterrupts(),
        onEnd: (exit) => {
          reject(new LabflowError('SESSION_DIED', `the session could not start: ${exit.stderrTail.trim() || exitMessage(exit, false)}`))
          if (this.#link === link) this.#ended(exit)
        },
      })
      this.#link = link
    })
  }

  #receive(message: SessionMessage, buffers: Uint8Array[]): void {
    const { handlers } = this.#options
    switch (message.type) {
      case 'stream': return handlers.onStream(message.cellId, message.name, message.text)
      case 'display': return handlers.onDisplay(message.cellId, message.data, message.metadata, message.displayId, message.isUpdate)
      case 'clear': return handlers.onClear(message.cellId, message.wait)
      case 'late-error': return handlers.onLateError(message.cellId, message.error)
      case 'input-request': return handlers.onInputRequest(message.cellId, message.prompt, message.isPassword)
      case 'comm': return handlers.onComm(message.content, buffers)
      case 'engine': return handlers.onEngineRequest(message.cellId, message.payload, buffers)
      case 'executed':
      case 'answer': {
        const question = this.#questions.get(message.requestId)
        this.#questions.delete(message.requestId)
        question?.answer(message, buffers)
        if (message.type === 'executed') this.#endInterrupts()
      }
    }
  }

  #question<M extends Executed | Answer>(make: (requestId: number) => SessionCommand, buffers: readonly Uint8Array[], cellId: string | null): Promise<{ message: M; buffers: Uint8Array[] }> {
    const requestId = ++this.#lastRequestId
    return new Promise((resolve, reject) => {
      this.#questions.set(requestId, { cellId, answer: (message, received) => resolve({ message: message as M, buffers: received }), fail: reject })
      this.#link?.send(make(requestId), buffers)
    })
  }

  #runningCellId(): string | null {
    for (const question of this.#questions.values()) if (question.cellId !== null) return question.cellId
    return null
  }

  #endInterrupts(): void {
    for (const done of this.#interruptWaits.splice(0)) done()
  }

  #ended(exit: SessionExit): void {
    const cellId = this.#runningCellId()
    const message = exitMessage(exit, this.#isReady)
    const wasReady = this.#isReady
    this.#drop(new LabflowError('SESSION_DIED', message))
    this.#generation += 1
    this.#options.handlers.onExit({ message, cellId })
    // One that never got ready would fail again and again: then only the next cell tries.
    if (wasReady) this.start().catch(() => {
      this.#ready = null // the next cell tries again, and is told why it cannot
    })
  }

  /** Ends the present process, if any, and answers everything that waits for it. */
  #drop(error: LabflowError): void {
    const link = this.#link
    this.#link = null
    this.#ready = null
    this.#isReady = false
    link?.kill()
    const questions = [...this.#questions.values()]
    this.#questions.clear()
    for (const question of questions) question.fail(error)
    this.#endInterrupts()
  }
}

/** An error record of the session as the error that the asker catches. */
function fromRecord(record: ErrorRecord): LabflowError {
  return new LabflowError((record.code ?? 'INTERNAL') as LabflowError['code'], record.message, { detail: { name: record.name, traceback: record.traceback } })
}
