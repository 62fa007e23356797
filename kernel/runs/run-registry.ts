/**
 * Owns the runs started or awaited from this notebook: their events become cards and outputs under the cell that started them.
 * Refuses to hold results: they go to whoever waits for the end.
 */
import { randomUUID } from 'node:crypto'
import type { OutputPort } from '../contract.ts'
import type { RunEvent, RunOutput, RunRecord, Submission } from '../../src/model/run.ts'
import { isFinal } from '../../src/model/state.ts'
import type { RunEnded } from '../../src/wire/engine-protocol.ts'
import type { CardBoard } from './card-board.ts'
import type { EngineLink } from './engine-link.ts'
import { TrackedRun } from './tracked-run.ts'

/** Where a run is shown. `groupId` set: with the other runs that the same cell called. */
export interface RunPlace {
  cellId: string
  groupId?: string | null
}

/** How many runs that ended are still known by id. */
const MAX_ENDED = 500

/** Follows runs by their events. */
export class RunRegistry {
  readonly #link: EngineLink
  readonly #outputs: OutputPort
  readonly #cards: CardBoard
  readonly #notebook: string | null
  readonly #runs = new Map<string, TrackedRun>()
  /** Descendant run → the run whose card and cell show it. */
  readonly #roots = new Map<string, TrackedRun>()
  /** Events of a run whose submission is not answered yet. */
  readonly #early = new Map<string, (() => void)[]>()

  constructor(link: EngineLink, outputs: OutputPort, cards: CardBoard, notebook: string | null) {
    this.#link = link
    this.#outputs = outputs
    this.#cards = cards
    this.#notebook = notebook
    link.onEvent((event, buffers) => this.#take(event, buffers))
    link.onGivenUp((error) => this.#lose(error))
  }

  /** Submits and shows a run. @throws LabflowError of the executor. */
  async submit(submission: Submission, buffers: readonly Uint8Array[], place: RunPlace, runId: string = randomUUID()): Promise<TrackedRun> {
    this.#early.set(runId, [])
    try {
      const placed = { ...submission, notebook: this.#notebook ?? submission.notebook }
      const { result } = await this.#link.request('submit', { submission: placed, runId }, buffers)
      return this.#track(result.run, place)
    } finally {
      this.#releaseEarly(runId)
    }
  }

  /** Follows a run that something else started, and shows it under the given cell. @throws LabflowError NO_SUCH_RUN. */
  async attach(reference: string, place: RunPlace): Promise<TrackedRun> {
    const record = await this.find(reference)
    const known = this.#runs.get(record.id)
    if (known) {
      this.#cards.showUnder(known, place.cellId)
      if (known.lost === null) return known
      known.find()
    }
    const tracked = known ?? this.#track(record, place)
    const { ended } = await this.#link.attach(record.id, this.#notebook)
    // The end comes as an event; only a result that cannot be read comes this way alone.
    ended.catch((error: Error) => {
      tracked.notes.push(error.message)
      void this.find(record.id).catch(() => record).then((run) => this.#end(tracked, run, []))
    })
    return tracked
  }

  /** The run's record by id, prefix, short id or name; not followed. */
  async find(reference: string): Promise<RunRecord> {
    const { result } = await this.#link.request('get', { run: reference, notebook: this.#notebook })
    return result.run
  }

  tracked(runId: string): TrackedRun | null {
    return this.#runs.get(runId) ?? null
  }

  /** Runs at work that code of this cell called. */
  calledBy(cellId: string): TrackedRun[] {
    return [...this.#runs.values()].filter((run) => run.groupId === cellId && !run.hasEnded)
  }

  active(): TrackedRun[] {
    return [...this.#runs.values()].filter((run) => !run.hasEnded && run.lost === null)
  }

  /** Runs that cannot be heard of any more. */
  lost(): TrackedRun[] {
    return [...this.#runs.values()].filter((run) => run.lost !== null)
  }

  /** Asks the executor to cancel; the run's end tells when it is done. */
  async cancel(runId: string, reason: string): Promise<RunRecord> {
    const { result } = await this.#link.request('cancel', { runId, reason })
    return result.run
  }

  /** Adds a remark to the card. */
  note(tracked: TrackedRun, text: string): void {
    if (tracked.notes.includes(text)) return
    tracked.notes.push(text)
    this.#cards.update(tracked)
  }

  #lose(error: Error): void {
    for (const run of this.active()) {
      run.lose(error)
      this.note(run, `no executor can be had, so nothing more is heard of this run: ${error.message}`)
    }
  }

  redraw(tracked: TrackedRun): void {
    this.#cards.update(tracked)
  }

  #track(record: RunRecord, place: RunPlace): TrackedRun {
    const known = this.#runs.get(record.id)
    if (known) return known
    const tracked = new TrackedRun(record, place)
    this.#runs.set(record.id, tracked)
    this.#cards.add(tracked)
    this.#forgetOld()
    return tracked
  }

  #releaseEarly(runId: string): void {
    const early = this.#early.get(runId) ?? []
    this.#early.delete(runId)
    for (const take of early) take()
  }

  #take(event: RunEvent | RunEnded, buffers: Uint8Array[]): void {
    const early = this.#early.get(event.runId)
    if (early) {
      early.push(() => this.#take(event, buffers))
      return
    }
    const own = this.#runs.get(event.runId)
    const root = own ?? this.#roots.get(event.runId)
    if (!root) return
    if (event.type === 'end') {
      if (own) void this.#end(own, event.run, buffers)
      else {
        root.endChild(event.run)
        this.#roots.delete(event.runId)
        this.#cards.update(root)
      }
      return
    }
    if (event.type === 'child' && !this.#runs.has(event.child.id)) this.#roots.set(event.child.id, root)
    root.apply(event)
    if (event.type === 'output') this.#show(root, event.output)
    // The end follows a final state at once and brings the whole record: drawing both would double the messages.
    if (!(event.type === 'state' && own && isFinal(event.state.type))) this.#cards.update(root)
  }

  #show(tracked: TrackedRun, output: RunOutput): void {
    tracked.hasShownOutput = true
    const cell = this.#outputs.outputOf(tracked.cellId)
    if (output.type === 'stream') cell.stream(output.name, output.text)
    else if (output.type === 'display') {
      const displayId = output.displayId === null ? null : `${tracked.record.shortId}-${output.displayId}`
      cell.display(output.data, output.metadata, displayId, output.isUpdate)
    } else {
      cell.clear(output.wait)
      this.#cards.showAgain(tracked)
    }
  }

  async #end(tracked: TrackedRun, run: RunRecord, buffers: Uint8Array[]): Promise<void> {
    if (tracked.hasEnded) return
    if (run.cachedFrom !== null && !tracked.hasShownOutput) await this.#replay(tracked, run)
    tracked.end({ run, buffers })
    this.#cards.update(tracked)
  }

  /** A cache hit shows again what the run that computed it had shown. */
  async #replay(tracked: TrackedRun, run: RunRecord): Promise<void> {
    try {
      let { outputs } = (await this.#link.request('outputs', { runId: run.id })).result
      if (outputs.length === 0 && run.cachedFrom) outputs = (await this.#link.request('outputs', { runId: run.cachedFrom.runId })).result.outputs
      if (!tracked.hasShownOutput) for (const output of outputs) this.#show(tracked, output)
    } catch (error) {
      tracked.notes.push(`its earlier output could not be read: ${(error as Error).message}`)
    }
  }

  #forgetOld(): void {
    if (this.#runs.size <= MAX_ENDED) return
    for (const [id, run] of this.#runs) {
      if (this.#runs.size <= MAX_ENDED) return
      if (!run.hasEnded) continue
      this.#runs.delete(id)
      for (const child of run.children) this.#roots.delete(child.id)
    }
  }
}
