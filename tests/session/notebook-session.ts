/**
 * Owns a real session process for tests: cells in, results and output out, everything cleaned up.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileCell } from '../../kernel/cell/transform.ts'
import { SessionClient } from '../../kernel/session/client.ts'
import type { SessionMessage } from '../../kernel/session/protocol.ts'
import { analyzeCell } from '../../src/code/cell-analysis.ts'
import type { ErrorRecord } from '../../src/model/errors.ts'

export interface Shown {
  cellId: string | null
  data: Record<string, unknown>
  displayId: string | null
  isUpdate: boolean
}

export class NotebookSession {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'labflow-session-')))
  readonly streams: { cellId: string | null; name: string; text: string }[] = []
  readonly displays: Shown[] = []
  readonly lateErrors: { cellId: string | null; error: ErrorRecord }[] = []
  readonly exits: string[] = []
  answerInput = 'yes'
  readonly client: SessionClient
  #cells = 0
  #watchers: { isMet: () => boolean; resolve: () => void }[] = []

  constructor(env?: NodeJS.ProcessEnv) {
    this.client = new SessionClient({
      folder: this.folder,
      env,
      handlers: {
        onStream: (cellId, name, text) => this.#note(() => this.streams.push({ cellId, name, text })),
        onDisplay: (cellId, data, _metadata, displayId, isUpdate) => this.#note(() => this.displays.push({ cellId, data, displayId, isUpdate })),
        onClear: () => {},
        onLateError: (cellId, error) => this.#note(() => this.lateErrors.push({ cellId, error })),
        onEngineRequest: () => {},
        onInputRequest: (cellId) => this.client.send({ type: 'input-reply', cellId, value: this.answerInput }),
        onComm: () => {},
        onExit: ({ message }) => this.#note(() => this.exits.push(message)),
      },
    })
  }

  /** Cell id of the newest cell. */
  get cellId(): string {
    return `cell-${this.#cells}`
  }

  file(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text)
  }

  async run(source: string): Promise<Extract<SessionMessage, { type: 'executed' }>> {
    this.#cells += 1
    const filename = join(this.folder, `cell-${this.#cells}.ts`)
    const cell = compileCell(source, { filename, analysis: analyzeCell(source) })
    return this.client.execute({ cellId: this.cellId, cell, isSilent: false, userExpressions: {}, allowStdin: true })
  }

  /** The text of the last expression. @throws Error with the cell's traceback. */
  async value(source: string): Promise<unknown> {
    const outcome = await this.run(source)
    if (!outcome.ok) throw new Error(plain(outcome.error.traceback.join('\n')))
    return outcome.result?.data['text/plain']
  }

  async error(source: string): Promise<ErrorRecord> {
    const outcome = await this.run(source)
    if (outcome.ok) throw new Error(`the cell did not fail: ${source}`)
    return { ...outcome.error, traceback: outcome.error.traceback.map(plain) }
  }

  /** Everything printed by one cell. */
  printed(cellId: string): string {
    return this.streams.filter((stream) => stream.cellId === cellId).map((stream) => stream.text).join('')
  }

  /** Resolves when the condition holds; looked at whenever something arrives. */
  until(isMet: () => boolean): Promise<void> {
    return isMet() ? Promise.resolve() : new Promise((resolve) => this.#watchers.push({ isMet, resolve }))
  }

  async close(): Promise<void> {
    await this.client.close()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #note(change: () => void): void {
    change()
    const met = this.#watchers.filter((watcher) => watcher.isMet())
    this.#watchers = this.#watchers.filter((watcher) => !met.includes(watcher))
    for (const { resolve } of met) resolve()
  }
}

/** Text without ANSI colours. */
export function plain(text: string): string {
  return text.replace(/\u001b\[\d+m/g, '')
}
