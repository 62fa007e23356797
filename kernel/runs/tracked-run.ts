/**
 * Owns what the kernel knows of one run it follows: its record as events change it, its children, and its end.
 */
import type { Progress, RunEvent, RunRecord } from '../../src/model/run.ts'
import { isFinal } from '../../src/model/state.ts'

/** A run that ended; `buffers` hold the encoded result when it COMPLETED. */
export interface EndedRun {
  run: RunRecord
  buffers: Uint8Array[]
}

/** The first that was heard of a bar; epoch milliseconds. */
export interface BarBeginning {
  timeMs: number
  done: number
}

/** One run as its events tell it. */
export class TrackedRun {
  record: RunRecord
  /** The cell whose output area shows the run. */
  readonly cellId: string
  /** Set for runs that code of a cell called: they share one card. */
  readonly groupId: string | null
  readonly notes: string[] = []
  /** How many waits would cancel the run when interrupted. */
  awaitedBy = 0
  hasShownOutput = false
  /** Where the present bar began: a second stage is not judged by the time of the first. */
  barBegan: BarBeginning | null = null
  /** Resolves at the run's end, never rejects. */
  readonly ended: Promise<EndedRun>
  #lost: Error | null = null
  readonly #lossListeners = new Set<(error: Error) => void>()
  readonly #children = new Map<string, RunRecord>()
  #resolveEnded: (ended: EndedRun) => void = () => {}
  #hasEnded = false

  constructor(record: RunRecord, place: { cellId: string; groupId?: string | null }) {
    this.record = record
    this.cellId = place.cellId
    this.groupId = place.groupId ?? null
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
  }

  get children(): RunRecord[] {
    return [...this.#children.values()]
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Why nothing more can be heard of the run: no executor can be had. Null while it is followed. */
  get lost(): Error | null {
    return this.#lost
  }

  /** The end, or the reason why it cannot be heard of. Never rejects. */
  endedOrLost(): Promise<EndedRun | Error> {
    if (this.#lost !== null) return Promise.resolve(this.#lost)
    return Promise.race([this.ended, new Promise<Error>((resolve) => this.#lossListeners.add(resolve))])
  }

  /** The run goes on or not, and nobody can tell. */
  lose(error: Error): void {
    if (this.#hasEnded) return
    this.#lost = error
    for (const tell of this.#lossListeners) tell(error)
    this.#lossListeners.clear()
  }

  /** It is followed again. */
  find(): void {
    this.#lost = null
  }

  /** Takes an event of the run itself or of a descendant. */
  apply(event: RunEvent): void {
    if (event.type === 'child') {
      this.#children.set(event.child.id, event.child)
      return
    }
    const record = event.runId === this.record.id ? this.record : this.#children.get(event.runId)
    if (!record) return
    if (event.type === 'progress' && record === this.record) this.#noteBar(event.progress)
    const changed = applyTo(record, event)
    if (record === this.record) this.record = changed
    else this.#children.set(changed.id, changed)
  }

  #noteBar(now: Progress): void {
    const before = this.record.progress
    const isSame = this.barBegan !== null && before?.barId === now.barId && before.total === now.total && before.label === now.label && before.done <= now.done
    if (!isSame) this.barBegan = { timeMs: Date.now(), done: now.done }
  }

  /** Takes the last record of a descendant. */
  endChild(run: RunRecord): void {
    this.#children.set(run.id, run)
  }

  /** Takes the run's last record. */
  end(ended: EndedRun): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.record = ended.run
    this.#resolveEnded(ended)
  }
}

function applyTo(record: RunRecord, event: Exclude<RunEvent, { type: 'child' }>): RunRecord {
  switch (event.type) {
    case 'state': {
      const startedMs = event.state.type === 'RUNNING' ? (record.startedMs ?? event.state.timeMs) : record.startedMs
      const endedMs = isFinal(event.state.type) ? event.state.timeMs : null
      return { ...record, state: event.state, attempt: event.attempt, startedMs, endedMs }
    }
    case 'progress':
      return { ...record, progress: mergeProgress(record.progress, event.progress) }
    case 'log':
      return { ...record, lastLog: event.message }
    case 'output': {
      const line = event.output.type === 'stream' ? lastLine(event.output.text) : null
      return line === null ? record : { ...record, lastLog: line }
    }
  }
}

/** Metrics of one bar stay until they change: an epoch without a loss keeps the last loss. */
function mergeProgress(before: Progress | null, now: Progress): Progress {
  return before?.barId === now.barId ? { ...now, metrics: { ...before.metrics, ...now.metrics } } : now
}

function lastLine(text: string): string | null {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '')
  const last = lines.at(-1)?.trim()
  return last === undefined ? null : last.slice(0, 200)
}
