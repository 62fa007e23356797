/** Owns what the executor holds in memory of a run that has not ended and of its attempt while that works: each knows the other. */
import type { Timer } from '../clock.ts'
import type { Progress, RunEvent, RunRecord, Submission } from '../model/run.ts'
import type { RunEnded } from '../wire/engine-protocol.ts'
import type { AttemptProcess, WorkerLink } from './worker-link.ts'

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
  /** Null when they are large and many: then they are read from the store for each attempt. */
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

/** One attempt while its process works: who runs it, how it is being ended, what it used so far. */
export class Attempt {
  readonly run: LiveRun
  readonly nonce: string
  readonly process: AttemptProcess
  /** The pool's worker; null for a process that another executor started. */
  readonly worker: WorkerLink | null
  readonly spoolPath: string
  readonly assignedMs: number
  /** Why it is being ended before it is done. */
  ending: 'cancel' | 'timeout' | null = null
  /** Its outcome is known; whatever the process does now changes nothing. */
  isSettled = false
  lastHeardMs: number
  /** Its process as a listener to runs it submitted. */
  subscriber: Subscriber | null = null
  peakMemoryBytes: number | null = null
  cpuSeconds: number | null = null
  readonly #timers: Timer[] = []

  constructor(run: LiveRun, nonce: string, process: AttemptProcess, worker: WorkerLink | null, spoolPath: string, assignedMs: number, nowMs: number) {
    this.run = run
    this.nonce = nonce
    this.process = process
    this.worker = worker
    this.spoolPath = spoolPath
    this.assignedMs = assignedMs
    this.lastHeardMs = nowMs
  }

  /** Keeps a timer that stops when the attempt settles. */
  addTimer(timer: Timer): void {
    this.#timers.push(timer)
  }

  settle(): void {
    this.isSettled = true
    for (const timer of this.#timers) timer.stop()
    this.#timers.length = 0
  }

  /** Takes over a measurement of the process tree. */
  measure(memoryBytes: number, cpuSeconds: number): void {
    this.peakMemoryBytes = Math.max(this.peakMemoryBytes ?? 0, memoryBytes)
    this.cpuSeconds = Math.max(this.cpuSeconds ?? 0, cpuSeconds)
  }
}
