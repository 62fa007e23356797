/**
 * Owns what a client knows of one run it follows: its record kept up to date by events, the outputs seen, and its end, told exactly once.
 * A gap in the numbers, or a new executor, is filled from the store before later outputs are passed on.
 */
import type { EncodedValue, RunEvent, RunOutput, RunRecord } from '../model/run.ts'
import type { RunEnded } from '../wire/engine-protocol.ts'
import { OutputTally } from './output-tally.ts'

export type RunListener = (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void

export interface RunOutcome {
  run: RunRecord
  /** null unless the run COMPLETED. */
  result: EncodedValue | null
}

export class WatchedRun {
  run: RunRecord
  readonly ended: Promise<RunOutcome>
  readonly #listeners = new Set<RunListener>()
  /** Told before anyone could listen; null once someone listened or the turn was over. */
  #unheard: Parameters<RunListener>[] | null = []
  readonly #tally = new OutputTally()
  readonly #askOutputs: () => Promise<{ outputs: RunOutput[]; upToSeq?: number | null }>
  /** Where every event goes after it was taken in. */
  readonly #pass: RunListener
  #lastSeq: number
  #held: { event: RunEvent | RunEnded; buffers: Uint8Array[] }[] | null = null
  #resolve: (outcome: RunOutcome) => void = () => {}
  #reject: (error: Error) => void = () => {}
  #isEnded = false

  constructor(run: RunRecord, lastSeq: number, pass: RunListener, askOutputs: () => Promise<{ outputs: RunOutput[]; upToSeq?: number | null }>) {
    this.run = run
    this.#lastSeq = lastSeq
    this.#pass = pass
    this.#askOutputs = askOutputs
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nobody need wait for the end.
    this.ended.catch(() => {})
    setImmediate(() => (this.#unheard = null))
  }

  /** Hears every event from here on; one who asks in the turn the run became known hears those before, too. */
  listen(listener: RunListener): () => void {
    const unheard = this.#unheard ?? []
    this.#unheard = null
    this.#listeners.add(listener)
    for (const [event, buffers] of unheard) listener(event, buffers)
    return () => void this.#listeners.delete(listener)
  }

  /** Takes an event of this run from the executor. */
  take(event: RunEvent | RunEnded, buffers: Uint8Array[]): void {
    if (this.#isEnded) return
    const isGap = this.#lastSeq >= 0 && event.seq > this.#lastSeq + 1
    this.#lastSeq = event.seq
    if (isGap && this.#held === null) void this.catchUp()
    if (this.#held !== null && (event.type === 'output' || event.type === 'end')) this.#held.push({ event, buffers })
    else this.#tell(event, buffers)
  }

  /** The numbers of events begin anew: another executor, or a new subscription. */
  restart(): void {
    this.#lastSeq = -1
  }

  /** Asks for the outputs not seen yet and passes them on, before any later one. */
  async catchUp(): Promise<void> {
    if (this.#held !== null || this.#isEnded) return
    this.#held = []
    let upToSeq: number | null = -1
    try {
      const answer = await this.#askOutputs()
      upToSeq = answer.upToSeq ?? null
      for (const output of this.#tally.missing(answer.outputs)) this.#tell({ type: 'output', runId: this.run.id, seq: Math.max(0, this.#lastSeq), output }, [])
    } catch {
      // Without an executor there is nothing to fill the gap from; a later reconnection asks again.
    }
    const held = this.#held
    this.#held = null
    for (const { event, buffers } of held) {
      if (event.type === 'output' && (upToSeq === null || event.seq <= upToSeq)) continue
      this.#tell(event, buffers)
    }
  }

  /** No executor can be had any more. */
  fail(error: Error): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#reject(error)
  }

  #tell(event: RunEvent | RunEnded, buffers: Uint8Array[]): void {
    const { run } = this
    if (event.type === 'state') Object.assign(run, { state: event.state, attempt: event.attempt })
    else if (event.type === 'progress') run.progress = event.progress
    else if (event.type === 'log') run.lastLog = event.message
    else if (event.type === 'output') this.#tally.add(event.output)
    else if (event.type === 'end') this.run = event.run
    if (event.type === 'end') this.#isEnded = true
    this.#unheard?.push([event, buffers])
    for (const listener of [...this.#listeners]) listener(event, buffers)
    this.#pass(event, buffers)
    if (event.type !== 'end') return
    const [header, ...rest] = buffers
    this.#resolve({ run: event.run, result: event.run.hasResult && header !== undefined ? { header, buffers: rest } : null })
  }
}
