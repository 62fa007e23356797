/**
 * Owns the living runs: each change of state goes through `apply`, which asks the reducer, writes the row and tells the audience
 * after the commit. Refuses nothing silently: an illegal change is logged and answered with false.
 */
import type { Clock } from '../clock.ts'
import type { LogLevel, Progress, RunEvent, RunOutput, RunRecord } from '../model/run.ts'
import { hasAttempt, isFinal, transition } from '../model/state.ts'
import type { RunHappening } from '../model/state.ts'
import type { Store } from '../store/store.ts'
import type { StagedPayload } from '../store/results.ts'
import type { LiveRun } from './live-run.ts'

/** At most five progress events a second and run. */
const PROGRESS_PERIOD_MS = 200
/** Output, logs and progress reach the disk at the latest after this. */
const FLUSH_MS = 100
const MAX_WARNINGS = 100

type Unnumbered<Event> = Event extends unknown ? Omit<Event, 'runId' | 'seq'> : never

/** What a transition changes beside the state. */
export interface Changes {
  record?: Partial<RunRecord>
  /** Nonce of the attempt that takes the run over; only with 'assigned'. */
  owner?: string
  /** The result, to be stored with the transition and sent with the end. */
  result?: { staged: StagedPayload; buffers: readonly Uint8Array[] }
  /** Number of the run whose result is reused, and its buffers. */
  cached?: { from: number; buffers: readonly Uint8Array[] }
}

export class RunBook {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: (words: string) => void
  readonly #byId = new Map<string, LiveRun>()
  /** Called within the transaction of the transition that ended a run. */
  onEnded: (run: LiveRun) => void = () => {}
  /** Called when a run waits for its next attempt. */
  onAwaitingRetry: (run: LiveRun, retryAtMs: number) => void = () => {}
  #isFlushDue = false

  constructor(store: Store, clock: Clock, log: (words: string) => void) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  get size(): number {
    return this.#byId.size
  }

  get runs(): IterableIterator<LiveRun> {
    return this.#byId.values()
  }

  find(runId: string): LiveRun | undefined {
    return this.#byId.get(runId)
  }

  add(run: LiveRun): void {
    this.#byId.set(run.record.id, run)
  }

  /** Moves a run; false (and a log line) when that is not legal in its state. */
  apply(run: LiveRun, happening: RunHappening, changes: Changes = {}): boolean {
    const next = transition(run.record, happening)
    if (!next.ok) {
      this.#log(`${run.record.shortId}: ${next.reason}`)
      return false
    }
    const expected = { type: run.record.state.type, owner: run.owner }
    const ended = isFinal(next.state.type)
    const { record } = run
    const completed = next.state.type === 'COMPLETED'
    Object.assign(record, changes.record, { state: next.state, attempt: next.attempt })
    if (happening.type === 'started') record.startedMs ??= happening.timeMs
    if (ended) record.endedMs = happening.timeMs
    else record.outputNames = []
    if (completed) Object.assign(record, { error: null, hasResult: changes.result !== undefined || changes.cached !== undefined })
    run.owner = hasAttempt(next.state) ? (changes.owner ?? run.owner) : null
    this.#store.turn.write()
    this.#store.runs.advance(run.number, record, expected, run.owner, next.retryAtMs, changes.cached?.from ?? null)
    this.#store.forgetWaiting(run.number)
    if ((completed || next.state.type === 'FAILED') && changes.result !== undefined) this.#store.payloads.put('results', run.number, changes.result.staged)
    this.publish(run, { type: 'state', state: next.state, attempt: next.attempt })
    if (ended) this.#end(run, completed ? (changes.result?.buffers ?? changes.cached?.buffers ?? []) : [])
    else if (next.retryAtMs !== null) this.onAwaitingRetry(run, next.retryAtMs)
    return true
  }

  /** Tells the audience of a run, after this turn's commit. */
  publish(run: LiveRun, event: Unnumbered<RunEvent>): void {
    if (run.audience.size === 0) return
    const whole = { ...event, runId: run.record.id, seq: run.nextSeq() } as RunEvent
    const isState = event.type === 'state'
    const hearers = [...run.audience].filter((subscriber) => isState || subscriber.hearsAll)
    this.#store.turn.afterCommit((error) => {
      if (error === null) for (const subscriber of hearers) subscriber.deliver(whole, [])
    })
  }

  output(run: LiveRun, output: RunOutput): void {
    this.#store.emissions.addOutput(run.number, this.#clock.nowMs(), output)
    this.publish(run, { type: 'output', output })
    this.#flushSoon()
  }

  log(run: LiveRun, level: LogLevel, message: string, timeMs: number = this.#clock.nowMs()): void {
    this.#store.emissions.addLog(run.number, timeMs, level, message)
    run.record.lastLog = message.slice(0, 500)
    this.publish(run, { type: 'log', level, message, timeMs })
    this.#touch(run)
  }

  /** A remark for the card; the same one is kept once. */
  warn(run: LiveRun, message: string): void {
    if (run.record.warnings.includes(message) || run.record.warnings.length >= MAX_WARNINGS) return
    run.record.warnings.push(message)
    this.log(run, 'warning', message)
  }

  /** The latest state of a bar wins; the audience hears it at most every 200 ms, and always the last one. */
  progress(run: LiveRun, progress: Progress): void {
    run.record.progress = progress
    run.waitingProgress.set(progress.barId, progress)
    this.#touch(run)
    if (run.progressTimer !== null) return
    this.#publishProgress(run)
    run.progressTimer = this.#clock.after(PROGRESS_PERIOD_MS, () => {
      run.progressTimer = null
      const waiting = [...run.waitingProgress.values()]
      run.waitingProgress.clear()
      for (const latest of waiting) this.progress(run, latest)
    }, false)
  }

  #publishProgress(run: LiveRun): void {
    for (const progress of run.waitingProgress.values()) this.publish(run, { type: 'progress', progress })
    run.waitingProgress.clear()
  }

  #end(run: LiveRun, buffers: readonly Uint8Array[]): void {
    run.progressTimer?.stop()
    run.retryTimer?.stop()
    this.#publishProgress(run)
    this.#byId.delete(run.record.id)
    run.parent?.children.delete(run)
    this.#store.emissions.flush()
    this.#store.emissions.forget(run.number)
    const hearers = [...run.audience]
    const seq = run.nextSeq()
    this.#store.turn.afterCommit((error) => {
      if (error !== null) return
      for (const subscriber of hearers) subscriber.deliver({ type: 'end', runId: run.record.id, seq, run: run.record }, buffers)
    })
    this.onEnded(run)
  }

  #touch(run: LiveRun): void {
    this.#store.whenWriting(run.number, () => this.#store.runs.touch(run.number, run.record))
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    this.#clock.after(FLUSH_MS, () => {
      this.#isFlushDue = false
      if (this.#store.hasWaiting) this.#store.turn.write()
    }, false)
  }
}
