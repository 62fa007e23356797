/** Owns what the executor holds in memory of a run that has not ended. */
import type { Timer } from '../clock.ts'
import type { Progress, RunEvent, RunRecord, Submission } from '../model/run.ts'
import type { RunEnded } from '../wire/engine-protocol.ts'
import type { Attempt } from './attempt.ts'

/** Someone who hears the events of runs. */
export interface Subscriber {
  /** Hears outputs, logs and progress too, and the descendants of a run; else only states and ends of the runs it asked for. */
  readonly hearsAll: boolean
  deliver(event: RunEvent | RunEnded, buffers: readonly Uint8Array[]): void
}

export class LiveRun {
  readonly number: number
  readonly record: RunRecord
  readonly submission: Submission
  /** Null when they are large: then they are read from the store for each attempt. */
  readonly inputs: readonly Uint8Array[] | null
  readonly parent: LiveRun | null
  readonly depth: number
  readonly children = new Set<LiveRun>()
  readonly audience = new Set<Subscriber>()
  /** Nonce of the attempt that owns the run. */
  owner: string | null = null
  attempt: Attempt | null = null
  hasSlot = false
  isParked = false
  /** False once an attempt changed its inputs in place: its result would not answer the key. */
  isCacheable = true
  /** Runs of the same cache key that wait for this one. */
  readonly followers: LiveRun[] = []
  retryTimer: Timer | null = null
  progressTimer: Timer | null = null
  readonly waitingProgress = new Map<string, Progress>()
  #seq = 0

  constructor(number: number, record: RunRecord, submission: Submission, inputs: readonly Uint8Array[] | null, parent: LiveRun | null) {
    this.number = number
    this.record = record
    this.submission = submission
    this.inputs = inputs
    this.parent = parent
    this.depth = parent === null ? 0 : parent.depth + 1
    if (parent === null) return
    parent.children.add(this)
    for (const subscriber of parent.audience) if (subscriber.hearsAll) this.audience.add(subscriber)
  }

  /** Number of the last event. */
  get seq(): number {
    return this.#seq
  }

  nextSeq(): number {
    return ++this.#seq
  }

  /** Adds a subscriber to this run, and to its living descendants when it hears all. */
  subscribe(subscriber: Subscriber): void {
    this.audience.add(subscriber)
    if (subscriber.hearsAll) for (const child of this.children) child.subscribe(subscriber)
  }
}
