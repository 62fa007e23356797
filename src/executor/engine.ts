/**
 * Owns the executor's work as a whole, without its sockets: submissions, cancel, and how runs, attempts, slots and cache play together.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { LabflowError } from '../model/errors.ts'
import type { RunRecord, Submission } from '../model/run.ts'
import { transition } from '../model/state.ts'
import type { RunHappening, Transition } from '../model/state.ts'
import type { EngineRequest } from '../wire/engine-protocol.ts'
import { PayloadStore } from '../store/results.ts'
import type { Store } from '../store/store.ts'
import { Attempts } from './attempts.ts'
import { CacheDesk } from './cache-desk.ts'
import type { CacheHit } from './cache-desk.ts'
import { Dispatcher } from './dispatcher.ts'
import { LiveRun, type Attempt } from './live-run.ts'
import type { Subscriber } from './live-run.ts'
import { RunBook } from './run-book.ts'
import type { ExecutorSettings } from './settings.ts'
import { WorkerPool } from './worker-pool.ts'

/** Inputs of runs that have not ended, in memory at most. */
const MAX_HELD_BYTES = 64e6

export interface EngineParts {
  store: Store
  clock: Clock
  settings: ExecutorSettings
  log(words: string): void
  /** A request that came from a run's own process. */
  onEngineRequest(attempt: Attempt, request: EngineRequest, buffers: Uint8Array[]): void
}

export class Engine {
  readonly store: Store
  readonly clock: Clock
  readonly book: RunBook
  readonly pool: WorkerPool
  readonly dispatcher: Dispatcher
  readonly attempts: Attempts
  readonly cacheDesk: CacheDesk
  readonly #log: (words: string) => void
  #lastBusyMs: number

  constructor({ store, clock, settings, log, onEngineRequest }: EngineParts) {
    this.store = store
    this.clock = clock
    this.#log = log
    this.#lastBusyMs = clock.monotonicMs()
    this.book = new RunBook(store, clock, log)
    this.cacheDesk = new CacheDesk(store, clock, log)
    this.attempts = new Attempts(store, clock, this.book, {
      onEngineRequest,
      onReleased: (run, worker, isReusable) => {
        this.dispatcher.release(run)
        if (worker !== null) this.pool.giveBack(worker, isReusable)
        this.dispatcher.pump()
      },
    })
    this.pool = new WorkerPool({ entry: settings.workerEntry, nodePath: process.execPath, maxIdle: Math.max(2, settings.slots), maxIdleInBurst: Math.max(2, settings.slots) + 1, cwd: store.folder }, clock, {
      onIdle: () => this.dispatcher.pump(),
      onMessage: (worker, message, buffers) => {
        const attempt = this.#attemptOf(worker.runId)
        if (attempt?.worker === worker) this.attempts.onMessage(attempt, message, buffers)
      },
      onRawOutput: (worker, name, text) => {
        const attempt = this.#attemptOf(worker.runId)
        if (attempt?.worker === worker) this.book.output(attempt.run, { type: 'stream', name, text })
      },
      onLost: (worker, words) => {
        const attempt = this.#attemptOf(worker.runId)
        if (attempt?.worker === worker) this.attempts.onProcessGone(attempt, words)
      },
      onStartFailure: (nodePath, words) => this.#crashUnstartable(nodePath, words),
      log,
    })
    this.dispatcher = new Dispatcher(settings, this.pool, (run, worker) => this.attempts.start(run, worker))
    this.book.onAwaitingRetry = (run, retryAtMs) => this.armRetry(run, retryAtMs)
    this.book.onEnded = (run) => this.#ended(run)
  }

  /** Milliseconds since the engine last had something to do. */
  get idleForMs(): number {
    if (this.book.size > 0) this.#lastBusyMs = this.clock.monotonicMs()
    return this.clock.monotonicMs() - this.#lastBusyMs
  }

  /** Notes that a client asked for something. */
  touch(): void {
    this.#lastBusyMs = this.clock.monotonicMs()
  }

  /**
   * Takes a submission; the record tells whether it was cached, waits for another run, or is in line. Events go out after the commit,
   * and after whatever the caller queues in the same turn before it yields.
   * @throws LabflowError LIMIT_REACHED, STORE_FULL.
   */
  async submit(submission: Submission, inputs: readonly Uint8Array[], runId: string = randomUUID(), parent: LiveRun | null, subscriber: Subscriber, answer: (record: RunRecord) => void): Promise<void> {
    if (submission.kind === 'flow') this.dispatcher.checkNesting(parent)
    const isSmall = PayloadStore.isSmall(inputs)
    const staged = isSmall ? this.store.payloads.stageSmall(inputs) : await this.store.payloads.stage(inputs)
    const warnings: string[] = []
    const hit = this.cacheDesk.find(submission, (words) => warnings.push(words)) ?? (parent === null ? null : this.cacheDesk.findSibling(parent, submission))
    const leader = hit === null ? this.cacheDesk.leaderOf(submission) : null
    const timeMs = this.clock.nowMs()
    const happening: RunHappening = hit !== null
      ? { type: 'cache-hit', timeMs, source: `${hit.source.shortId}` }
      : { type: 'submitted', timeMs, waitsFor: leader?.record.shortId }
    const number = this.store.runs.nextNumber()
    const record = newRecord(number, runId, submission, parent, transition(null, happening) as Transition)
    record.warnings = warnings
    const run = new LiveRun(number, record, submission, isSmall || this.#mayHold(inputs) ? inputs : null, parent)
    run.audience.add(subscriber)
    this.store.turn.write()
    if (hit !== null) asHit(record, hit)
    this.store.runs.insert(number, record, submission, hit?.number ?? null)
    answer(record)
    if (parent !== null) this.book.publish(parent, { type: 'child', child: record })
    if (hit !== null) return this.#answerHit(run, hit)
    this.store.payloads.put('inputs', number, staged)
    this.book.add(run)
    if (leader !== null) {
      leader.followers.push(run)
      return
    }
    this.cacheDesk.lead(run)
    this.dispatcher.enqueue(run)
  }

  /** Cancels a run and everything it submitted. @returns false when it has ended already or is being cancelled. */
  cancel(run: LiveRun, reason: string): boolean {
    for (const child of [...run.children]) this.cancel(child, reason)
    const state = run.record.state.type
    if (state === 'CANCELLING') return false
    if (!this.book.apply(run, { type: 'cancel-asked', timeMs: this.clock.nowMs(), reason })) return false
    if (run.attempt !== null) this.attempts.cancel(run.attempt, reason)
    else if (run.record.state.type === 'CANCELLING') {
      // Its result is on the way to the disk: nothing is left to kill.
      this.book.apply(run, { type: 'cancelled', timeMs: this.clock.nowMs() })
    }
    return true
  }

  armRetry(run: LiveRun, retryAtMs: number): void {
    run.retryTimer = this.clock.after(retryAtMs - this.clock.nowMs(), () => {
      run.retryTimer = null
      if (this.book.apply(run, { type: 'retry-due', timeMs: this.clock.nowMs() })) this.#enqueue(run)
    })
    // What a failed attempt left running would be submitted again by the next one.
    for (const child of [...run.children]) this.cancel(child, `${run.record.shortId}, which submitted it, is tried again`)
  }

  /** Large inputs stay in memory while there is room: reading and checking 1.5 MB anew takes 2 ms. */
  #mayHold(inputs: readonly Uint8Array[]): boolean {
    let heldBytes = sizeOf(inputs)
    for (const run of this.book.runs) if (run.inputs !== null) heldBytes += sizeOf(run.inputs)
    return heldBytes <= MAX_HELD_BYTES
  }

  #enqueue(run: LiveRun): void {
    try {
      this.dispatcher.enqueue(run)
    } catch (error) {
      this.cancel(run, (error as LabflowError).message)
    }
  }

  #attemptOf(runId: string | null): Attempt | null {
    return runId === null ? null : (this.book.find(runId)?.attempt ?? null)
  }

  #answerHit(run: LiveRun, hit: CacheHit): void {
    run.parent?.children.delete(run)
    for (const output of hit.outputs) this.book.publish(run, { type: 'output', output })
    const { record } = run
    const seq = run.nextSeq()
    const hearers = [...run.audience]
    this.store.turn.afterCommit((error) => {
      if (error === null) for (const hearer of hearers) hearer.deliver({ type: 'end', runId: record.id, seq, run: record }, hit.buffers)
    })
  }

  #ended(run: LiveRun): void {
    this.touch()
    this.cacheDesk.ended(run, run.isCacheable)
    const completed = run.record.state.type === 'COMPLETED'
    if (!completed) for (const child of [...run.children]) this.cancel(child, `${run.record.shortId}, which submitted it, ended as ${run.record.state.type}`)
    const followers = run.followers.splice(0)
    if (followers.length === 0) return
    const hit = completed && run.isCacheable ? this.cacheDesk.hitOf(run) : null
    let leader: LiveRun | null = null
    for (const follower of followers) {
      if (follower.record.state.name !== 'AwaitingCache') continue
      if (hit !== null) this.#followHit(follower, hit)
      else if (leader !== null) leader.followers.push(follower)
      else {
        leader = follower
        this.cacheDesk.lead(follower)
        if (this.book.apply(follower, { type: 'queued', timeMs: this.clock.nowMs() })) this.#enqueue(follower)
      }
    }
  }

  #followHit(follower: LiveRun, hit: CacheHit): void {
    for (const output of hit.outputs) this.book.publish(follower, { type: 'output', output })
    asHit(follower.record, hit)
    this.book.apply(follower, { type: 'cache-hit', timeMs: this.clock.nowMs(), source: hit.source.shortId }, { cached: { from: hit.number, buffers: hit.buffers } })
  }

  /** Workers of that Node do not come up: the run at the head of the line says so, instead of waiting for ever. */
  #crashUnstartable(nodePath: string, words: string): void {
    const run = this.dispatcher.takeWaiting(nodePath)
    if (run === null) return
    const message = `no worker could be started with ${nodePath}: it ${words}`
    this.#log(`${run.record.shortId}: ${message}`)
    const timeMs = this.clock.nowMs()
    this.book.apply(run, { type: 'assigned', timeMs }, { owner: randomUUID() })
    this.book.apply(run, { type: 'crashed', timeMs, message, random: 0 }, { record: { error: { name: 'Crashed', message, code: 'RUN_CRASHED', traceback: [] } } })
    this.dispatcher.pump()
  }
}

function sizeOf(buffers: readonly Uint8Array[]): number {
  return buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
}

function newRecord(number: number, id: string, submission: Submission, parent: LiveRun | null, first: Transition): RunRecord {
  return {
    id, shortId: `r${number}`, kind: submission.kind, name: submission.name, runName: submission.runName, state: first.state, attempt: 0,
    options: submission.options, parameters: submission.parameters, notebook: submission.notebook ?? parent?.record.notebook ?? null,
    parentRunId: parent?.record.id ?? submission.parentRunId, tags: submission.options.tags, createdMs: first.state.timeMs,
    startedMs: null, endedMs: null, cachedFrom: null, error: null, progress: null, lastLog: null, cpuSeconds: null, peakMemoryBytes: null,
    warnings: [], hasResult: false, outputNames: [],
  }
}

/** Makes a record say that its result was taken from another run. */
function asHit(record: RunRecord, hit: CacheHit): void {
  const { source } = hit
  record.cachedFrom = { runId: source.id, shortId: source.shortId, computedMs: source.endedMs ?? source.createdMs }
  record.hasResult = true
  record.outputNames = source.outputNames
  record.warnings = source.warnings
  record.endedMs ??= record.state.type === 'COMPLETED' ? record.state.timeMs : null
}
