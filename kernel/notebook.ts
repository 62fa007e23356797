/**
 * Owns the composition of a notebook: session, language engine, runs, magics, and the turn in which cells and bindings come.
 * Starts the session when it is made, everything slower at its first need.
 */
import { loadSettings, type Settings } from '../src/config/settings.ts'
import type { MimeBundle } from '../src/model/run.ts'
import { magics } from '../magics/index.ts'
import { checkCompleteness } from './cell/completeness.ts'
import { CellRunner } from './cell/cell-runner.ts'
import { toErrorRecord } from './cell/cell-error.ts'
import { completeCode } from './cell/complete.ts'
import { describeName, nameAt } from './cell/inspect.ts'
import type { NotebookServices } from './cell/magic.ts'
import { withoutMagics } from './cell/magic-lines.ts'
import { NotebookNames } from './cell/notebook-names.ts'
import type { CellOutcome, CellRequest, CompletionAnswer, LanguagePort, NotebookOptions, NotebookPort } from './contract.ts'
import { CardBoard } from './runs/card-board.ts'
import { CardComm, RUNS_TARGET } from './runs/card-comm.ts'
import { CardThrottle } from './runs/card-throttle.ts'
import { CellLock } from './runs/cell-lock.ts'
import { CellRuns } from './runs/cell-runs.ts'
import { type AttachingEngine, EngineLink } from './runs/engine-link.ts'
import { OutputBinder } from './runs/output-binder.ts'
import { PendingNames } from './runs/pending-names.ts'
import { RunRegistry } from './runs/run-registry.ts'
import { SessionRelay } from './runs/session-relay.ts'
import { SessionClient } from './session/client.ts'

/** Makes a notebook and starts its session. */
export function createNotebook(options: NotebookOptions): NotebookPort {
  return new Notebook(options)
}

class Notebook implements NotebookPort {
  readonly #options: NotebookOptions
  readonly #lock = new CellLock()
  readonly #cards: CardBoard
  readonly #relay: SessionRelay
  readonly #session: SessionClient
  readonly #services: NotebookServices
  #language: Promise<LanguagePort> | null = null
  /** Cells that ran before the engine was asked for. */
  #unseenCells: Parameters<LanguagePort['addCell']>[] = []
  #settings: Settings | null = null
  #running: { cellId: string; abort: AbortController } | null = null

  constructor(options: NotebookOptions) {
    this.#options = options
    const { folder, output } = options
    const engine = new EngineLink(() => connect(folder))
    const settings = (): Settings => (this.#settings ??= loadSettings({ folder, env: process.env }))
    this.#cards = new CardBoard(output, new CardThrottle(cardLimits(settings)))
    const runs = new RunRegistry(engine, output, this.#cards, options.notebookName)
    this.#session = this.#makeSession()
    this.#relay = new SessionRelay(engine, runs, (payload, buffers) => this.#session.send({ type: 'engine', payload }, buffers))
    const pending = new PendingNames()
    const names = new NotebookNames()
    const session = this.#session
    const binder = new OutputBinder({ session, pending, names, runs, outputs: output, lock: this.#lock, nowMs: Date.now })
    this.#services = {
      folder, notebookName: options.notebookName, session, engine, runs, binder, pending, names, magics, settings,
      cellRuns: new CellRuns(session, runs, settings),
      language: () => this.#startLanguage(),
      recordCell: (...cell) => this.#recordCell(cell),
      forgetVariables: () => this.#forgetVariables(),
    }
    const cardComm = new CardComm({ link: engine, runs, cards: this.#cards })
    options.comms.register(RUNS_TARGET, (line) => cardComm.open(line))
    options.comms.connectSession((event, buffers) => session.send({ type: 'comm', content: event }, buffers))
    session.start().catch((error: Error) => options.log(`session: ${error.message}`))
  }

  execute(request: CellRequest): Promise<CellOutcome> {
    return this.#lock.run(async () => {
      const running = { cellId: request.cellId, abort: new AbortController() }
      this.#running = running
      // A labflow.yaml edited meanwhile counts from the next cell on.
      this.#settings = null
      try {
        return await new CellRunner(this.#services, request, this.#options.output.outputOf(request.cellId), running.abort.signal).run()
      } catch (error) {
        return { status: 'error', error: toErrorRecord(error) }
      } finally {
        this.#running = null
      }
    })
  }

  async interrupt(): Promise<void> {
    const running = this.#running
    if (!running) return
    running.abort.abort()
    const { runs, session } = this.#services
    const called = runs.calledBy(running.cellId).map((run) => runs.cancel(run.record.id, 'its cell was interrupted').catch(() => null))
    await Promise.all([session.isBusy ? session.interrupt() : null, ...called])
  }

  complete(code: string, cursor: number): Promise<CompletionAnswer> {
    return completeCode(code, cursor, this.#services)
  }

  async inspect(code: string, cursor: number, _detail: 0 | 1): Promise<MimeBundle | null> {
    const name = nameAt(code, cursor)
    return describeName(name, withoutMagics(code, magicNames(this.#services)), cursor, this.#services)
  }

  isComplete(code: string): ReturnType<NotebookPort['isComplete']> {
    const body = withoutMagics(code, magicNames(this.#services))
    return body.trim() === '' ? { status: 'complete', indent: '' } : checkCompleteness(body)
  }

  async settle(): Promise<void> {
    const { runs, binder } = this.#services
    for (let active = runs.active(); active.length > 0; active = runs.active()) await Promise.all(active.map((run) => run.endedOrLost()))
    if (runs.lost().length === 0) await binder.settled()
  }

  async close(_isRestart: boolean): Promise<void> {
    const { runs, engine, session } = this.#services
    for (const run of runs.active()) {
      run.awaitedBy = 0
      runs.note(run, `goes on without this kernel: %wait ${run.record.shortId} fetches its result`)
    }
    this.#cards.close()
    await Promise.all([session.close(), engine.close(), this.#language?.then((language) => language.close()).catch(() => {})])
  }

  #makeSession(): SessionClient {
    const { output, comms, folder, log } = this.#options
    return new SessionClient({
      folder,
      handlers: {
        onStream: (cellId, name, text) => output.outputOf(cellId).stream(name, text),
        onDisplay: (cellId, data, metadata, displayId, isUpdate) => output.outputOf(cellId).display(data, metadata, displayId, isUpdate),
        onClear: (cellId, wait) => output.outputOf(cellId).clear(wait),
        onLateError: (cellId, error) => output.outputOf(cellId).stream('stderr', `${error.traceback.length > 0 ? error.traceback.join('\n') : `${error.name}: ${error.message}`}\n`),
        onEngineRequest: (cellId, request, buffers) => void this.#relay.take(cellId, request, buffers),
        onInputRequest: (cellId, prompt, isPassword) => void output.requestInput(cellId, prompt, isPassword).then(
          (value) => this.#session.send({ type: 'input-reply', cellId, value }),
          (error: Error) => log(`input: ${error.message}`),
        ),
        onComm: (event, buffers) => comms.fromSession(event, buffers),
        onExit: ({ message, cellId }) => {
          log(`session ended: ${message}`)
          if (cellId === null) output.outputOf(null).stream('stderr', `${message}\n`)
          this.#forgetVariables()
        },
        onUnresponsive: () => output.outputOf(this.#running?.cellId ?? null).stream('stderr', 'native code is running and cannot be interrupted; restart the kernel to end it\n'),
      },
    })
  }

  /** The session is a fresh one. */
  #forgetVariables(): void {
    const { names, binder, pending } = this.#services
    names.forgetVariables()
    this.#relay.forgetRuns()
    this.#options.comms.dropSession()
    if (pending.names.length > 0) binder.markAgain().catch((error: Error) => this.#options.log(`pending names: ${error.message}`))
  }

  #startLanguage(): Promise<LanguagePort> {
    this.#language ??= import('./language/index.ts').then(({ createLanguage }) => {
      const language = createLanguage({ folder: this.#options.folder, onFailure: this.#options.log })
      for (const cell of this.#unseenCells.splice(0)) language.addCell(...cell)
      return language
    })
    return this.#language
  }

  #recordCell(cell: Parameters<LanguagePort['addCell']>): void {
    if (this.#language === null) this.#unseenCells.push(cell)
    else void this.#language.then((language) => language.addCell(...cell)).catch((error: Error) => this.#options.log(`language: ${error.message}`))
  }
}

function magicNames({ names }: NotebookServices): Parameters<typeof withoutMagics>[1] {
  return {
    isKnownName: (name) => names.has(name),
    isKnownCallable: () => false,
    hasRawBody: (name) => magics.some((magic) => magic.name === name && magic.hasRawBody === true),
  }
}

/** Settings that cannot be read are told by the first magic, not by the start of the kernel. */
function cardLimits(settings: () => Settings): { perCard: number; perNotebook: number } {
  try {
    return { perCard: Number(settings().get('card.updatesPerSecond')), perNotebook: Number(settings().get('card.totalUpdatesPerSecond')) }
  } catch {
    return { perCard: 5, perNotebook: 50 }
  }
}

/** Loaded at the first run: a notebook without runs needs no zeromq client. */
async function connect(folder: string): Promise<AttachingEngine> {
  const { connectEngine } = await import('../src/client/connect.ts')
  return connectEngine({ cwd: folder, client: 'kernel' })
}
