/**
 * Owns the session's commands: each is answered exactly once, with a value or with an error record.
 */
import process from 'node:process'
import type { DisplayApi } from '../../src/display/index.ts'
import { toFullMimeBundle, toMimeBundle } from '../../src/display/index.ts'
import type { ErrorRecord } from '../../src/model/errors.ts'
import type { MimeBundle } from '../../src/model/run.ts'
import type { ModuleHooks } from '../../src/modules/hooks.ts'
import type { CellRun } from './cell-context.ts'
import { InterruptedError } from './cell-helpers.ts'
import { describeExpression, describeVariables } from './describe.ts'
import type { NotebookNames } from './definitions.ts'
import type { EnginePipe } from './engine-pipe.ts'
import { currentEnvironment } from './environment.ts'
import { toErrorRecord } from './errors.ts'
import type { InputRequests } from './input.ts'
import type { Outlet } from './outlet.ts'
import type { SessionCommand, SessionMessage } from './protocol.ts'
import { evaluateExpression, runCell } from './run-cell.ts'
import type { CellSources } from './script-positions.ts'
import type { WatcherLink } from './watcher-link.ts'

export interface SessionParts {
  outlet: Outlet
  modules: ModuleHooks
  cells: CellSources
  watcher: WatcherLink
  input: InputRequests
  display: DisplayApi
  engine: EnginePipe
  names: NotebookNames
}

/** What a command gives back: plain data and buffers. */
export interface CommandAnswer {
  value: unknown
  buffers?: readonly Uint8Array[]
}

type Command<T extends SessionCommand['type']> = Extract<SessionCommand, { type: T }>
type Asked = Extract<SessionCommand, { requestId: number }>

type CellResult = Extract<SessionMessage, { type: 'executed'; ok: true }>['result']

/** A cell that was rejected by its interrupt ends within this. */
const ENDING_MS = 50

/** Takes commands in the order in which they come; a command may be answered while a cell awaits. */
export class CommandHandler {
  readonly #parts: SessionParts
  readonly #names: NotebookNames
  /** Imports of captured cells that are still loading here. */
  #imports: Promise<void> = Promise.resolve()
  /** The cell that was asked for and has no answer yet. */
  #unanswered: Command<'execute'> | null = null

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#names = parts.names
  }

  handle(command: SessionCommand, buffers: Uint8Array[]): void {
    switch (command.type) {
      // Out of the pipe's callback: an interrupt that ends this turn must not lose the next command.
      case 'execute': return void setImmediate(() => void this.#execute(command))
      case 'input-reply': return this.#parts.input.answer(command.cellId, command.value)
      case 'exit': return process.kill(process.pid, 'SIGKILL') as unknown as void
      case 'comm': return this.#refuseComm(command)
      case 'engine': return this.#parts.engine.receive(command.payload, buffers)
      default: return void this.#answer(command, buffers)
    }
  }

  async #execute(command: Command<'execute'>): Promise<void> {
    const { cells, watcher, display } = this.#parts
    const { cell } = command
    const run: CellRun = { cellId: command.cellId, isStopped: false, allowStdin: command.allowStdin, abort: new AbortController() }
    this.#unanswered = command
    await this.#imports
    cells.add(cell)
    this.#names.record(cell.analysis, cell.filename)
    this.#parts.modules.refresh()
    try {
      const shown = await runCell(cell, run, () => watcher.whenClear())
      await display.settled()
      const userExpressions = this.#evaluateAll(command.userExpressions)
      this.#end(command, { ok: true, result: shown === null ? null : { data: shown.data, metadata: shown.metadata }, userExpressions })
    } catch (error) {
      this.#parts.modules.forgetFailed(error)
      this.#end(command, { ok: false, error: toErrorRecord(error, cells) })
    } finally {
      this.#names.settle(cell.analysis)
    }
  }

  /** Answers a cell, once. */
  #end(command: Command<'execute'>, outcome: { ok: true; result: CellResult; userExpressions: Record<string, unknown> } | { ok: false; error: ErrorRecord }): void {
    if (this.#unanswered !== command) return
    this.#parts.outlet.send({ type: 'executed', requestId: command.requestId, ...outcome })
    this.#unanswered = null
  }

  /** After an interrupt: a cell whose own way to its end was cut off by the termination is answered here. */
  async interrupted(): Promise<void> {
    const command = this.#unanswered
    if (command === null) return
    await this.#parts.watcher.whenClear()
    await new Promise((resolve) => setTimeout(resolve, ENDING_MS))
    this.#end(command, { ok: false, error: toErrorRecord(new InterruptedError('the cell was interrupted; variables keep their values'), this.#parts.cells) })
  }

  #evaluateAll(expressions: Record<string, string>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(expressions).map(([key, expression]) => [key, this.#evaluate(expression)]))
  }

  #evaluate(expression: string): unknown {
    try {
      const shown = toMimeBundle(evaluateExpression(expression))
      return { status: 'ok', data: shown?.data ?? { 'text/plain': 'undefined' }, metadata: shown?.metadata ?? {} }
    } catch (error) {
      const { name, message, traceback } = toErrorRecord(error, this.#parts.cells)
      return { status: 'error', ename: name, evalue: message, traceback }
    }
  }

  async #answer(command: Exclude<Asked, Command<'execute'>>, buffers: Uint8Array[]): Promise<void> {
    const { outlet, cells } = this.#parts
    const { requestId } = command
    try {
      const answer = await this.#perform(command, buffers)
      outlet.send({ type: 'answer', requestId, ok: true, value: answer.value ?? null }, answer.buffers)
    } catch (error) {
      outlet.send({ type: 'answer', requestId, ok: false, error: toErrorRecord(error, cells) })
    }
  }

  async #perform(command: Exclude<Asked, Command<'execute'>>, buffers: Uint8Array[]): Promise<CommandAnswer> {
    switch (command.type) {
      case 'describe': return { value: describeExpression(command.expression) }
      case 'variables': return { value: describeVariables(this.#names.names(), (name) => this.#names.pendingRun(name)) }
      case 'chdir':
        process.chdir(command.folder)
        return { value: process.cwd() }
      case 'set-environment':
        for (const [name, value] of Object.entries(command.variables)) {
          if (value === null) delete process.env[name]
          else process.env[name] = value
        }
        return { value: null }
      case 'environment': return { value: currentEnvironment() }
      case 'capture-cell': {
        // Loaded at the first capture: most sessions start without one.
        const { captureCellCommand, importHere } = await import('./capture-commands.ts')
        const answer = await captureCellCommand(command, this.#names)
        this.#imports = this.#imports.then(() => importHere(command.analysis.imports, this.#names))
        return answer
      }
      case 'make-tasks': return (await import('./task-commands.ts')).makeTasksCommand(command, this.#names)
      case 'capture-call': return (await import('./task-commands.ts')).captureCallCommand(command, this.#names)
      case 'bind': {
        const { bindResult } = await import('./bind-result.ts')
        const value = await bindResult(buffers, command.names, this.#names)
        return { value: command.isShown === true ? await shown(value) : null }
      }
      case 'show-result': {
        const { resultValue } = await import('./bind-result.ts')
        return { value: await shown(resultValue(buffers, this.#names)) }
      }
      case 'mark-pending':
        for (const name of command.names) this.#names.markPending(name, command.runShortId)
        return { value: null }
      case 'clear-pending':
        for (const name of command.names) this.#names.clearPending(name)
        return { value: null }
      default: throw new Error(`unknown command ${(command as { type: string }).type}`)
    }
  }

  #refuseComm(command: Command<'comm'>): void {
    if (command.content.kind === 'open') this.#parts.outlet.send({ type: 'comm', content: { ...command.content, kind: 'close', data: {} } })
  }
}

async function shown(value: unknown): Promise<{ data: MimeBundle; metadata: Record<string, unknown> } | null> {
  const bundle = await toFullMimeBundle(value)
  return bundle === null ? null : { data: bundle.data, metadata: bundle.metadata }
}
