/**
 * Owns a notebook under test: the real one, its output recorded by cell in place of a front end.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CellOutcome, CellOutput, CommPort, NotebookPort, OutputPort } from '../../kernel/contract.ts'
import { createNotebook } from '../../kernel/notebook.ts'
import { CARD_MIME } from '../../kernel/runs/card.ts'
import type { MimeBundle, RunRecord } from '../../src/model/run.ts'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import { until } from '../support/engine-lab.ts'

/** What one cell showed, in order. */
export type Shown =
  | { kind: 'stream'; name: string; text: string }
  | { kind: 'display'; data: MimeBundle; displayId: string | null; isUpdate: boolean }
  | { kind: 'clear' }
  | { kind: 'result'; data: MimeBundle }

/** Records all output and lets a test wait for some of it. */
export class RecordingOutput implements OutputPort {
  readonly cells = new Map<string, Shown[]>()
  readonly #watchers = new Set<() => void>()
  #newest = ''

  outputOf(cellId: string | null): CellOutput {
    const id = cellId ?? this.#newest
    const add = (shown: Shown): void => {
      this.cells.set(id, [...(this.cells.get(id) ?? []), shown])
      for (const look of [...this.#watchers]) look()
    }
    return {
      stream: (name, text) => add({ kind: 'stream', name, text }),
      display: (data, _metadata, displayId, isUpdate) => add({ kind: 'display', data, displayId, isUpdate }),
      clear: () => add({ kind: 'clear' }),
      result: (data) => add({ kind: 'result', data }),
    }
  }

  async requestInput(): Promise<string> {
    return ''
  }

  begin(cellId: string): void {
    this.#newest = cellId
  }

  /** Resolves when what was shown satisfies the condition; the test's own limit ends a wait that never does. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return
        this.#watchers.delete(look)
        resolve()
      }
      this.#watchers.add(look)
      look()
    })
  }

  /** Everything of a cell as text: streams, plain displays, results. */
  text(cellId: string): string {
    return (this.cells.get(cellId) ?? []).map((shown) => (shown.kind === 'stream' ? shown.text : shown.kind === 'clear' ? '' : `${String(shown.data['text/plain'])}\n`)).join('')
  }

  streams(cellId: string): string {
    return (this.cells.get(cellId) ?? []).map((shown) => (shown.kind === 'stream' ? shown.text : '')).join('')
  }

  result(cellId: string): unknown {
    const shown = (this.cells.get(cellId) ?? []).findLast((each) => each.kind === 'result')
    return shown?.kind === 'result' ? shown.data['text/plain'] : undefined
  }

  /** The newest state of the run whose card the cell shows. */
  card(cellId: string): { run: RunRecord; text: string } | undefined {
    const shown = (this.cells.get(cellId) ?? []).findLast((each) => each.kind === 'display' && CARD_MIME in each.data)
    if (shown?.kind !== 'display') return undefined
    return { run: (shown.data[CARD_MIME] as { run: RunRecord }).run, text: String(shown.data['text/plain']) }
  }
}

const NO_COMMS: CommPort = {
  register: () => {},
  open: () => ({ commId: '', targetName: '', send: () => {}, close: () => {} }),
  connectSession: () => {},
  fromSession: () => {},
  dropSession: () => {},
}

/** A notebook in a folder of its own. */
export class TestNotebook {
  readonly folder: string
  readonly output = new RecordingOutput()
  readonly log: string[] = []
  readonly #notebookName: string
  #port: NotebookPort
  #count = 0

  constructor(folder: string, notebookName = 'test.ipynb') {
    this.folder = folder
    this.#notebookName = notebookName
    this.#port = this.#create()
  }

  static async inNewFolder(): Promise<TestNotebook> {
    const folder = await mkdtemp(join(tmpdir(), 'labflow-notebook-'))
    return new TestNotebook(folder)
  }

  get port(): NotebookPort {
    return this.#port
  }

  /** Starts a cell; its id is `c1`, `c2`, … */
  start(code: string): { cellId: string; outcome: Promise<CellOutcome> } {
    const cellId = `c${++this.#count}`
    this.output.begin(cellId)
    const outcome = this.#port.execute({ cellId, code, isSilent: false, executionCount: this.#count, userExpressions: {}, allowStdin: false })
    return { cellId, outcome }
  }

  /** Runs a cell that must succeed; returns its id. */
  async run(code: string): Promise<string> {
    const { cellId, outcome } = this.start(code)
    const ended = await outcome
    if (ended.status === 'error') throw new Error(`cell failed: ${ended.error.name}: ${ended.error.message}\n${ended.error.traceback.join('\n')}\n${this.log.join('\n')}`)
    return cellId
  }

  /** The text of a cell's last value. */
  async value(code: string): Promise<unknown> {
    return this.output.result(await this.run(code))
  }

  /** Runs a cell that must fail; returns its error. */
  async fail(code: string): Promise<{ cellId: string; name: string; message: string; code?: string; traceback: string[] }> {
    const { cellId, outcome } = this.start(code)
    const ended = await outcome
    if (ended.status === 'ok') throw new Error(`cell did not fail; it showed:\n${this.output.text(cellId)}`)
    return { cellId, ...ended.error }
  }

  /** As a kernel that was restarted: the old one closed, a fresh one in the same folder. */
  async reopen(): Promise<void> {
    await this.#port.close(true)
    this.#port = this.#create()
  }

  async close(): Promise<void> {
    await this.#port.close(false)
  }

  async remove(): Promise<void> {
    await this.close()
    await stopExecutor(this.folder)
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #create(): NotebookPort {
    return createNotebook({ output: this.output, comms: NO_COMMS, folder: this.folder, notebookName: this.#notebookName, log: (line) => this.log.push(line) })
  }
}

/** Ends the executor of a folder's store, with all that runs in it. */
async function stopExecutor(folder: string): Promise<void> {
  const { readFile } = await import('node:fs/promises')
  const file = await readFile(join(folder, '.labflow', 'executor.json'), 'utf8').catch(() => null)
  if (file === null) return
  const { pid } = JSON.parse(file) as { pid: number }
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    return
  }
  await until(() => !isSameProcess(pid, null), 60_000)
}
