/**
 * Owns how a card of a run at work stays alive: one that hears nothing asks the kernel for its state, as after a page reload,
 * a kernel restart or a lost message. Where updates of the display arrive, nothing is asked.
 */
import type { RunsLink } from './run-comm.ts'

/** How long a card just drawn waits for a first update: the kernel draws a run at work every second. */
const FIRST_SILENCE_MS = 1500
/** How long a card that was heard of waits. */
const SILENCE_MS = 4000
const LOOK_EVERY_MS = 500

type Bundle = Readonly<Record<string, unknown>>

/** Watches one run for one card. */
export class CardWatch {
  readonly #link: () => RunsLink | null
  readonly #timeOf: (bundle: Bundle) => number | null
  readonly #onCard: (bundle: Bundle) => void
  readonly #onRefused: (why: string) => void
  #timer: ReturnType<typeof setInterval> | null = null
  #askAtMs = 0
  #runId = ''
  #stopAsking: (() => void) | null = null
  /** What the kernel pushed last, by its time: another time means that the display itself was updated. */
  #pushedMs: number | null = null

  /** `timeOf`: the time at which a bundle's card was drawn. */
  constructor(link: () => RunsLink | null, timeOf: (bundle: Bundle) => number | null, onCard: (bundle: Bundle) => void, onRefused: (why: string) => void) {
    this.#link = link
    this.#onCard = onCard
    this.#onRefused = onRefused
    this.#timeOf = timeOf
  }

  /** A card was drawn; `runId` null when nothing on it is at work any more. */
  drawn(runId: string | null, drawnMs: number): void {
    if (runId === null) return this.stop()
    if (this.#stopAsking !== null && drawnMs !== this.#pushedMs) this.#endAsking()
    this.#heard(this.#timer === null ? FIRST_SILENCE_MS : SILENCE_MS)
    this.#runId = runId
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS)
  }

  /** Safe twice. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#endAsking()
  }

  #heard(patienceMs: number): void {
    this.#askAtMs = performance.now() + patienceMs
  }

  #look(): void {
    if (performance.now() < this.#askAtMs) return
    const link = this.#link()
    // The page may have the notebook before it has the kernel.
    if (link === null) return
    this.#endAsking()
    this.#heard(SILENCE_MS)
    this.#stopAsking = link.watch(this.#runId, {
      willPush: (bundle) => {
        this.#pushedMs = this.#timeOf(bundle)
      },
      onCard: this.#onCard,
      onRefused: (why) => {
        this.stop()
        this.#onRefused(why)
      },
    })
  }

  #endAsking(): void {
    this.#stopAsking?.()
    this.#stopAsking = null
  }
}
