/**
 * Owns the comm target labflow.runs: a card in a page asks for its run's state, kept up to date, and for cancelling it.
 * Works for a page that was loaded again and for a run of an earlier kernel; refuses in words, never by silence.
 */
import type { MimeBundle, RunRecord } from '../../src/model/run.ts'
import { isFinal } from '../../src/model/state.ts'
import type { CommLine, CommListener } from '../contract.ts'
import { renderCard, stateWord } from './card.ts'
import type { CardBoard } from './card-board.ts'
import type { EngineLink } from './engine-link.ts'
import type { RunRegistry } from './run-registry.ts'

/** Comm target that the JupyterLab extension opens. */
export const RUNS_TARGET = 'labflow.runs'

/** What goes to the page: the bundle that an update of the card's display would carry, or why something was not done. */
export type CardMessage = { type: 'card'; run: string; bundle: MimeBundle } | { type: 'error'; run: string; error: string }

/** How often a run that this kernel does not follow is looked up while a page watches it. */
const LOOK_EVERY_MS = 1000

/** What cards work with. */
export interface CardCommParts {
  link: EngineLink
  runs: RunRegistry
  cards: CardBoard
  /** Default 1000. */
  lookEveryMs?: number
}

/** Answers the cards of a notebook's pages. */
export class CardComm {
  readonly #parts: CardCommParts

  constructor(parts: CardCommParts) {
    this.#parts = parts
  }

  /** Takes a comm that a page opened; for CommPort.register. */
  open(line: CommLine): CommListener {
    const send = (message: CardMessage): void => line.send(message)
    const stops = new Map<string, () => void>()
    const stop = (): void => {
      for (const end of stops.values()) end()
      stops.clear()
    }
    return {
      onMessage: (data) => {
        const { type, run } = (data ?? {}) as { type?: unknown; run?: unknown }
        const runId = typeof run === 'string' ? run : ''
        const refuse = (error: unknown): void => send({ type: 'error', run: runId, error: error instanceof Error ? error.message : String(error) })
        if (runId === '') return refuse('a card must name its run')
        if (type === 'cancel') void this.#cancel(runId).catch(refuse)
        else if (type === 'subscribe') {
          stops.get(runId)?.()
          stops.set(runId, this.#watch(runId, (bundle) => send({ type: 'card', run: runId, bundle }), refuse))
        } else refuse(`a card can ask to cancel or to subscribe, not for ${JSON.stringify(type)}`)
      },
      onClose: stop,
    }
  }

  async #cancel(runId: string): Promise<void> {
    const { runs } = this.#parts
    const run = await runs.find(runId)
    if (isFinal(run.state.type)) throw new Error(`${run.shortId} has ended already: ${stateWord(run)}`)
    await runs.cancel(run.id, 'stopped by its card')
  }

  #watch(runId: string, show: (bundle: MimeBundle) => void, refuse: (error: unknown) => void): () => void {
    const { runs, cards } = this.#parts
    const tracked = runs.tracked(runId)
    if (tracked) return cards.watch(tracked, show)
    return this.#lookAgainAndAgain(runId, show, refuse)
  }

  /** Plain questions and no subscription: a later %wait must still be told everything from the beginning. */
  #lookAgainAndAgain(runId: string, show: (bundle: MimeBundle) => void, refuse: (error: unknown) => void): () => void {
    const { runs, cards } = this.#parts
    let isStopped = false
    let timer: ReturnType<typeof setTimeout> | null = null
    let stopCard = (): void => {}
    const look = async (): Promise<void> => {
      const [run, children] = await this.#find(runId)
      if (isStopped) return
      const tracked = runs.tracked(runId)
      if (tracked) {
        stopCard = cards.watch(tracked, show)
        return
      }
      show(renderCard({ run, children, notes: [], isAwaited: false, nowMs: Date.now() }))
      if (isFinal(run.state.type)) return
      timer = setTimeout(() => void look().catch(refuse), this.#parts.lookEveryMs ?? LOOK_EVERY_MS)
      timer.unref()
    }
    void look().catch((error: unknown) => isStopped || refuse(error))
    return () => {
      isStopped = true
      if (timer) clearTimeout(timer)
      stopCard()
    }
  }

  async #find(runId: string): Promise<[RunRecord, RunRecord[]]> {
    const { link, runs } = this.#parts
    const run = await runs.find(runId)
    const { result } = await link.request('list', { filter: { parentRunId: run.id, limit: 1000 } })
    return [run, result.runs.toReversed()]
  }
}
