/**
 * Owns the table from message type to handler, and the busy/idle bracket around every request.
 * Only cells wait for each other; every other request is answered at once, also while a cell runs.
 */
import type { Comms } from './comms.ts'
import type { NotebookPort } from './contract.ts'
import { errorContent, recordOf } from './error-content.ts'
import { ExecuteQueue, type CellEnd } from './execute-queue.ts'
import { Execution } from './execution.ts'
import type { History } from './history.ts'
import type { InputDesk } from './input-desk.ts'
import type { KernelIo, ParentHeader } from './io.ts'
import type { OutputRouter } from './output-router.ts'
import type { JupyterMessage } from './wire/message.ts'
import { characterOffset, utf16Offset } from './wire/text-offset.ts'

type Channel = 'shell' | 'control'
type Content = Record<string, unknown>
/** Answers a request with the content of its reply; null: the message has no reply. */
type Handler = (message: JupyterMessage) => Content | null | Promise<Content | null>

export interface DispatchParts {
  io: KernelIo
  output: OutputRouter
  desk: InputDesk
  comms: Comms
  history: History
  /** Loads the notebook at its first call. */
  notebook(): Promise<NotebookPort>
  /** Whether {@link notebook} was ever called: an interrupt does not load it. */
  isNotebookLoaded(): boolean
  kernelInfo(): Content
  ports: Content
  /** Ends the kernel; called after the reply went out. */
  stop(isRestart: boolean): void
  log(line: string): void
}

export class Dispatch {
  readonly #parts: DispatchParts
  readonly #execution: Execution
  readonly #cells: ExecuteQueue
  readonly #handlers: ReadonlyMap<string, Handler>
  #isStopping = false

  constructor(parts: DispatchParts) {
    this.#parts = parts
    this.#execution = new Execution(parts)
    this.#cells = new ExecuteQueue({ run: (request) => this.#runCell(request), abort: (request) => this.#abortCell(request) })
    this.#handlers = new Map<string, Handler>([
      ['kernel_info_request', () => parts.kernelInfo()],
      ['connect_request', () => ({ status: 'ok', ...parts.ports })],
      ['complete_request', (message) => this.#complete(message.content)],
      ['inspect_request', (message) => this.#inspect(message.content)],
      ['is_complete_request', (message) => this.#isComplete(message.content)],
      ['history_request', (message) => parts.history.answer(message.content)],
      ['comm_info_request', ({ content }) => parts.comms.info(typeof content['target_name'] === 'string' ? content['target_name'] : null)],
      ['comm_open', (message) => this.#comm(message)],
      ['comm_msg', (message) => this.#comm(message)],
      ['comm_close', (message) => this.#comm(message)],
      ['interrupt_request', () => this.#interrupt()],
      ['shutdown_request', ({ content }) => this.#shutdown(content['restart'] === true)],
      ['debug_request', ({ content }) => debugRefusal(content)],
    ])
  }

  /** Header of the running cell; the empty object when none runs. */
  parentNow(): ParentHeader {
    return this.#cells.running?.header ?? {}
  }

  /** Takes a message of shell, control or stdin. Never throws. */
  handle(channel: 'shell' | 'control' | 'stdin', message: JupyterMessage): void {
    const type = message.header.msg_type
    if (channel === 'stdin') {
      if (type === 'input_reply') return this.#parts.desk.answer(message)
      return this.#parts.log(`unknown message ${JSON.stringify(type)} on stdin dropped`)
    }
    if (type === 'execute_request' && channel === 'shell') return this.#cells.push(message)
    const handler = this.#handlers.get(type)
    if (handler === undefined) return this.#parts.log(`unknown message ${JSON.stringify(type)} on ${channel} dropped`)
    void this.#answer(channel, message, handler)
  }

  /** The bracket of everything but cells. */
  async #answer(channel: Channel, message: JupyterMessage, handler: Handler): Promise<void> {
    this.#status('busy', message.header)
    let content: Content | null
    try {
      const answer = handler(message)
      content = answer instanceof Promise ? await answer : answer
    } catch (error) {
      this.#parts.log(`${message.header.msg_type}: ${(error as Error)?.stack ?? String(error)}`)
      content = { status: 'error', ...errorContent(recordOf(error)) }
    }
    const type = message.header.msg_type
    if (content !== null && type.endsWith('_request')) this.#parts.io.reply(channel, message, type.replace(/_request$/, '_reply'), content)
    this.#status('idle', message.header)
    // Front ends take the last status, whatever its parent: without this a cell looks finished after every completion.
    const running = this.#cells.running
    if (running !== null) this.#status('busy', running.header)
  }

  /** The bracket of cells; its end is for the queue to say. */
  async #runCell(request: JupyterMessage): Promise<CellEnd> {
    this.#status('busy', request.header)
    const started = new Date().toISOString()
    const { reply, mayGoOn } = await this.#execution.run(request)
    const answer = (): void => {
      this.#parts.output.flush()
      this.#parts.io.reply('shell', request, 'execute_reply', reply, { started })
      this.#status('idle', request.header)
    }
    return { mayGoOn, answer }
  }

  #abortCell(request: JupyterMessage): void {
    this.#status('busy', request.header)
    this.#parts.io.reply('shell', request, 'execute_reply', { status: 'aborted', execution_count: this.#execution.count })
    this.#status('idle', request.header)
  }

  #status(state: 'busy' | 'idle', parent: ParentHeader): void {
    this.#parts.io.publish('status', { execution_state: state }, parent)
  }

  async #complete(content: Content): Promise<Content> {
    const { code, cursor } = positionOf(content)
    const notebook = await this.#parts.notebook()
    const { matches, start, end, types } = await notebook.complete(code, cursor)
    const cursorStart = characterOffset(code, start)
    const cursorEnd = characterOffset(code, end)
    const typed = types.map((entry) => ({ start: cursorStart, end: cursorEnd, ...entry }))
    return { status: 'ok', matches, cursor_start: cursorStart, cursor_end: cursorEnd, metadata: { _jupyter_types_experimental: typed } }
  }

  async #inspect(content: Content): Promise<Content> {
    const { code, cursor } = positionOf(content)
    const notebook = await this.#parts.notebook()
    const data = await notebook.inspect(code, cursor, content['detail_level'] === 1 ? 1 : 0)
    return { status: 'ok', found: data !== null, data: data ?? {}, metadata: {} }
  }

  async #isComplete(content: Content): Promise<Content> {
    const { status, indent } = (await this.#parts.notebook()).isComplete(textOf(content['code']))
    return status === 'incomplete' ? { status, indent } : { status }
  }

  /** The first comm may come before the notebook is loaded: its targets are registered there. */
  async #comm(message: JupyterMessage): Promise<null> {
    await this.#parts.notebook()
    this.#parts.comms.receive(message.header.msg_type, message.content, message.buffers)
    return null
  }

  async #interrupt(): Promise<Content> {
    this.#parts.desk.cancelAll()
    if (this.#parts.isNotebookLoaded()) await (await this.#parts.notebook()).interrupt()
    return { status: 'ok' }
  }

  #shutdown(isRestart: boolean): Content {
    const content = { status: 'ok', restart: isRestart }
    if (!this.#isStopping) {
      this.#isStopping = true
      // After the reply and idle of this very request.
      setImmediate(() => {
        this.#parts.io.publish('shutdown_reply', content, {})
        this.#parts.stop(isRestart)
      })
    }
    return content
  }
}

/** The kernel has no debugger and says so in kernel_info; who asks all the same gets a refusal in the debugger's own protocol. */
function debugRefusal(request: Content): Content {
  const message = 'Labflow has no notebook debugger.'
  return { seq: 0, type: 'response', request_seq: request['seq'] ?? 0, command: request['command'] ?? '', success: false, message, body: {} }
}

function positionOf(content: Content): { code: string; cursor: number } {
  const code = textOf(content['code'])
  const position = content['cursor_pos']
  return { code, cursor: typeof position === 'number' ? utf16Offset(code, position) : code.length }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
