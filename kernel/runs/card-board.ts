/**
 * Owns the drawing of cards: which display a run's card is, when it is shown, updated and shown again.
 */
import type { OutputPort } from '../contract.ts'
import type { MimeBundle } from '../../src/model/run.ts'
import { renderCard, renderGroupCard } from './card.ts'
import { CardThrottle } from './card-throttle.ts'
import type { TrackedRun } from './tracked-run.ts'

/** How often a card of a run at work is drawn anew when nothing happens, for its elapsed time. */
const ELAPSED_EVERY_MS = 1000

interface Card {
  displayId: string
  cellId: string
  members: TrackedRun[]
  isShown: boolean
  /** Pages that were loaded again and do not hear updates of the display. */
  watchers: Set<(bundle: MimeBundle) => void>
}

/** All cards of a notebook. */
export class CardBoard {
  readonly #outputs: OutputPort
  readonly #throttle: CardThrottle
  readonly #nowMs: () => number
  readonly #cards = new Map<string, Card>()
  #ticker: ReturnType<typeof setInterval> | null = null

  constructor(outputs: OutputPort, throttle: CardThrottle = new CardThrottle(), nowMs: () => number = Date.now) {
    this.#outputs = outputs
    this.#throttle = throttle
    this.#nowMs = nowMs
  }

  /** Adds a run's card, or adds the run to the card of its group. */
  add(tracked: TrackedRun): void {
    const card = this.#cardOf(tracked)
    if (!card.members.includes(tracked)) card.members.push(tracked)
    if (card.isShown) this.update(tracked)
    else this.#throttle.begin(card.displayId, () => this.#send(card))
    this.#ticker ??= setInterval(() => this.#tick(), ELAPSED_EVERY_MS)
    this.#ticker.unref()
  }

  /** Shows the card under a further cell; both are the same display. */
  showUnder(tracked: TrackedRun, cellId: string): void {
    const card = this.#cardOf(tracked)
    if (!card.members.includes(tracked)) card.members.push(tracked)
    this.#outputs.outputOf(cellId).display(this.#render(card), {}, card.displayId, false)
    card.isShown = true
  }

  /** Hands every drawing of the run's card to the listener, the present one at once; returns the way to stop. */
  watch(tracked: TrackedRun, listener: (bundle: MimeBundle) => void): () => void {
    const card = this.#cardOf(tracked)
    if (!card.members.includes(tracked)) card.members.push(tracked)
    card.watchers.add(listener)
    listener(this.#render(card))
    return () => void card.watchers.delete(listener)
  }

  update(tracked: TrackedRun): void {
    const card = this.#cardOf(tracked)
    const isLast = card.members.every((member) => member.hasEnded)
    if (isLast) this.#throttle.finish(card.displayId, () => this.#send(card))
    else this.#throttle.update(card.displayId, () => this.#send(card))
  }

  /** After something cleared the cell's output: shows the card again. */
  showAgain(tracked: TrackedRun): void {
    const card = this.#cardOf(tracked)
    this.#outputs.outputOf(card.cellId).display(this.#render(card), {}, card.displayId, false)
  }

  /** Writes every card's present state and stops. */
  close(): void {
    this.#throttle.flush()
    if (this.#ticker) clearInterval(this.#ticker)
    this.#ticker = null
  }

  #cardOf(tracked: TrackedRun): Card {
    const displayId = tracked.groupId === null ? `labflow-run-${tracked.record.id}` : `labflow-cell-${tracked.groupId}`
    let card = this.#cards.get(displayId)
    if (!card) {
      card = { displayId, cellId: tracked.cellId, members: [], isShown: false, watchers: new Set() }
      this.#cards.set(displayId, card)
    }
    return card
  }

  #send(card: Card): void {
    const bundle = this.#render(card)
    this.#outputs.outputOf(card.cellId).display(bundle, {}, card.displayId, card.isShown)
    card.isShown = true
    for (const show of card.watchers) show(bundle)
  }

  #render(card: Card): MimeBundle {
    const nowMs = this.#nowMs()
    const views = card.members.map((run) => ({ run: run.record, children: run.children, notes: run.notes, isAwaited: run.awaitedBy > 0, nowMs, barBegan: run.barBegan }))
    const [only] = views
    return views.length === 1 && only ? renderCard(only) : renderGroupCard(views)
  }

  #tick(): void {
    let isAnyAtWork = false
    for (const [displayId, card] of this.#cards) {
      const atWork = card.members.filter((member) => !member.hasEnded)
      if (atWork.length === 0) {
        // The runs of a later call in the same cell begin a card of their own only when this one is forgotten, so it stays while its cell may go on.
        if (card.members.length === 1 && card.members[0]?.groupId === null) this.#cards.delete(displayId)
        continue
      }
      isAnyAtWork = true
      if (atWork.some((member) => member.record.state.type === 'RUNNING')) this.#throttle.update(displayId, () => this.#send(card))
    }
    if (isAnyAtWork || !this.#ticker) return
    clearInterval(this.#ticker)
    this.#ticker = null
  }
}
