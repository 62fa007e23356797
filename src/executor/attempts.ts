/**
 * Owns the life of attempts: start, messages, timeout, cancel, the death of the process, and the one outcome each of them has.
 * A timeout or cancel asks first and kills the whole process tree after the grace, so that it reaches code that never yields.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { isLabflowError } from '../model/errors.ts'
import type { ErrorRecord } from '../model/errors.ts'
import type { RunHappening } from '../model/state.ts'
import type { EngineRequest } from '../wire/engine-protocol.ts'
import { PayloadStore } from '../store/results.ts'
import type { AttemptRow } from '../store/runs.ts'
import type { Store } from '../store/store.ts'
import type { WorkerMessage } from '../worker/protocol.ts'
import { Attempt, type LiveRun } from './live-run.ts'
import type { Changes, RunBook } from './run-book.ts'
import type { AttemptProcess, WorkerLink } from './worker-link.ts'

const DEFAULT_GRACE_MS = 100
/** After SIGTERM, before SIGKILL: for children that tidy up. */
const TERM_MS = 50

export interface AttemptHandlers {
  /** The attempt's process is free (or gone when `worker` is null). */
  onReleased(run: LiveRun, worker: WorkerLink | null, isReusable: boolean): void
  onEngineRequest(attempt: Attempt, request: EngineRequest, buffers: Uint8Array[]): void
}

type Completed = Extract<WorkerMessage, { type: 'completed' }>
type Failed = Extract<WorkerMessage, { type: 'failed' }>

export class Attempts {
  readonly #store: Store
  readonly #clock: Clock
  readonly #book: RunBook
  readonly #handlers: AttemptHandlers
  readonly #random: () => number

  constructor(store: Store, clock: Clock, book: RunBook, handlers: AttemptHandlers, random: () => number = Math.random) {
    this.#store = store
    this.#clock = clock
    this.#book = book
    this.#handlers = handlers
    this.#random = random
  }

  /** Gives the run's next attempt to a worker; the worker hears of it after the commit. False when the run may not start any more. */
  start(run: LiveRun, worker: WorkerLink): boolean {
    const nonce = randomUUID()
    const nowMs = this.#clock.nowMs()
    if (!this.#book.apply(run, { type: 'assigned', timeMs: nowMs }, { owner: nonce })) return false
    const { record, submission } = run
    const spoolPath = this.#store.spoolPath(record.id, record.attempt)
    this.#store.runs.addAttempt({ run: run.number, attempt: record.attempt, nonce, pid: worker.pid, processStart: worker.start, spoolPath, assignedMs: nowMs })
    run.attempt = new Attempt(run, nonce, worker, worker, spoolPath, nowMs, nowMs)
    worker.runId = record.id
    const inputs = this.#inputsOf(run)
    if (inputs === null) return true
    const { seed } = submission.options
    this.#store.turn.firstAfterCommit((error) => {
      if (error !== null) return
      worker.send({
        type: 'attempt', runId: record.id, shortId: record.shortId, kind: record.kind, name: record.name, attempt: record.attempt, nonce,
        code: submission.code, options: submission.options, environment: submission.environment, spoolPath,
        seed: seed ?? (submission.options.cache === null ? null : seedOf(submission.cacheKey, record.attempt)), parameters: submission.parameters,
      }, inputs)
    })
    return true
  }

  /** Takes over an attempt that another executor started and whose process is known. */
  adopt(run: LiveRun, row: AttemptRow, process: AttemptProcess): Attempt {
    const attempt = new Attempt(run, row.nonce, process, null, row.spoolPath, row.assignedMs, this.#clock.nowMs())
    run.attempt = attempt
    if (run.record.state.type === 'CANCELLING') this.#endSoon(attempt, 'cancel', run.record.state.message)
    else this.#armTimeout(attempt)
    return attempt
  }

  onMessage(attempt: Attempt, message: WorkerMessage, buffers: Uint8Array[]): void {
    const { run } = attempt
    if (message.type === 'ready') return
    if (message.type === 'engine') {
      this.#handlers.onEngineRequest(attempt, message.payload, buffers)
      return
    }
    if (message.runId !== run.record.id || attempt.isSettled) return
    if ('nonce' in message && message.nonce !== attempt.nonce) return
    attempt.lastHeardMs = this.#clock.nowMs()
    switch (message.type) {
      case 'started': return this.#started(attempt)
      case 'output': return this.#book.output(run, message.output)
      case 'progress': return this.#book.progress(run, message.progress)
      case 'log': return this.#book.log(run, message.level, message.message, message.timeMs)
      case 'warning': return this.#book.warn(run, message.message)
      // Raw text of the process comes by other pipes: two turns let it arrive first.
      case 'completed': return this.#afterRawOutput(() => this.#completed(attempt, message, buffers))
      case 'failed': return this.#afterRawOutput(() => this.#failed(attempt, message, buffers))
    }
  }

  /** The process of an attempt ended without an outcome. `words` as "was killed by SIGKILL". */
  onProcessGone(attempt: Attempt, words: string): void {
    if (attempt.isSettled) return
    attempt.settle()
    this.#release(attempt, false)
    if (attempt.ending === 'timeout') return this.#timedOut(attempt)
    const message = `the worker process ${words}${words.endsWith('SIGKILL') ? ' (the system does that when memory runs out)' : ''}`
    const error: ErrorRecord = { name: 'Crashed', message, code: 'RUN_CRASHED', traceback: [] }
    this.#apply(attempt, { type: 'crashed', timeMs: this.#clock.nowMs(), message, random: this.#random() }, { record: { error } })
  }

  /** Asks a run's attempt to end and kills it after its grace. The run is CANCELLING already. */
  cancel(attempt: Attempt, reason: string): void {
    this.#endSoon(attempt, 'cancel', reason)
  }

  #started(attempt: Attempt): void {
    if (attempt.run.record.state.type !== 'PENDING') return
    this.#store.turn.lazily(() => this.#book.apply(attempt.run, { type: 'started', timeMs: this.#clock.nowMs() }))
    this.#armTimeout(attempt)
  }

  #armTimeout(attempt: Attempt): void {
    const { timeoutMs } = attempt.run.submission.options
    if (timeoutMs === null) return
    const spentMs = this.#clock.nowMs() - (attempt.worker === null ? attempt.assignedMs : this.#clock.nowMs())
    attempt.addTimer(this.#clock.after(timeoutMs - spentMs, () => this.#endSoon(attempt, 'timeout', `ran longer than ${timeoutMs / 1000} s`)))
  }

  #endSoon(attempt: Attempt, ending: 'cancel' | 'timeout', reason: string): void {
    if (attempt.isSettled) return
    const wasEnding = attempt.ending !== null
    attempt.ending = ending
    if (wasEnding) return
    const graceMs = attempt.run.submission.options.graceMs ?? DEFAULT_GRACE_MS
    const isHeard = attempt.process.send({ type: 'cancel', runId: attempt.run.record.id, reason })
    attempt.addTimer(this.#clock.after(isHeard ? graceMs : 0, () => attempt.process.signal('SIGTERM')))
    attempt.addTimer(this.#clock.after((isHeard ? graceMs : 0) + TERM_MS, () => attempt.process.signal('SIGKILL')))
  }

  #completed(attempt: Attempt, message: Completed, buffers: Uint8Array[]): void {
    if (attempt.isSettled) return
    attempt.settle()
    const { run } = attempt
    if (attempt.ending === 'timeout') {
      this.#release(attempt, false)
      return this.#timedOut(attempt)
    }
    if (message.mutatedInputs.length > 0) {
      run.isCacheable = false
      this.#book.warn(run, `${message.mutatedInputs.join(', ')} changed in place: a task works on a copy, so the notebook keeps the old value, and this result is not cached`)
    }
    const record = { outputNames: message.outputNames, ...this.#used(attempt, message) }
    this.#stage(attempt, buffers, message.isReusable, record, (result) => this.#apply(attempt, { type: 'completed', timeMs: this.#clock.nowMs() }, { record, result }))
  }

  /** Keeps a result, then writes the outcome that it belongs to. */
  #stage(attempt: Attempt, buffers: Uint8Array[], isReusable: boolean, record: NonNullable<Changes['record']>, finish: (result: Changes['result']) => void): void {
    if (PayloadStore.isSmall(buffers)) {
      this.#release(attempt, isReusable)
      return finish({ staged: this.#store.payloads.stageSmall(buffers), buffers })
    }
    this.#store.payloads.stage(buffers).then(
      (staged) => finish({ staged, buffers }),
      (error: unknown) => this.#apply(attempt, { type: 'failed', timeMs: this.#clock.nowMs(), error: recordOf(error), random: this.#random() }, { record: { ...record, outputNames: [], error: recordOf(error) } }),
    ).finally(() => this.#release(attempt, isReusable))
  }

  #failed(attempt: Attempt, message: Failed, buffers: Uint8Array[]): void {
    if (attempt.isSettled) return
    attempt.settle()
    const outputNames = buffers.length > 0 ? message.outputNames : []
    const record = { error: message.error, outputNames, ...this.#used(attempt, message) }
    if (attempt.ending === null && message.exitCode === null && outputNames.length > 0) {
      const { error } = message
      return this.#stage(attempt, buffers, message.isReusable, record, (result) => this.#apply(attempt, { type: 'failed', timeMs: this.#clock.nowMs(), error, random: this.#random() }, { record, result }))
    }
    this.#release(attempt, message.isReusable && message.exitCode === null)
    if (attempt.ending === 'timeout') return this.#timedOut(attempt)
    const timeMs = this.#clock.nowMs()
    const random = this.#random()
    const happening: RunHappening = message.exitCode === null
      ? { type: 'failed', timeMs, error: message.error, random }
      : { type: 'crashed', timeMs, message: message.error.message, random }
    this.#apply(attempt, happening, { record: { ...record, outputNames: [] } })
  }

  #timedOut(attempt: Attempt): void {
    const limitMs = attempt.run.submission.options.timeoutMs ?? 0
    const error: ErrorRecord = { name: 'TimeoutError', message: `ran longer than its timeout of ${limitMs / 1000} s`, traceback: [] }
    this.#apply(attempt, { type: 'timed-out', timeMs: this.#clock.nowMs(), error, random: this.#random() }, { record: { error } })
  }

  /** Writes the outcome. The first frame may have been lost with an executor: then the run is taken as started. */
  #apply(attempt: Attempt, happening: RunHappening, changes: Changes): void {
    const { run } = attempt
    if (run.record.state.type === 'PENDING' && happening.type === 'completed') this.#book.apply(run, { type: 'started', timeMs: happening.timeMs })
    this.#book.apply(run, happening, { ...changes, record: { ...this.#used(attempt, null), ...changes.record } })
    // A worker of this executor's own never lost it, so it has no spool.
    if (attempt.worker !== null) return
    this.#store.turn.afterCommit((error) => {
      if (error === null) this.#store.dropSpool(attempt.spoolPath)
    })
  }

  #release(attempt: Attempt, isReusable: boolean): void {
    const { run } = attempt
    const isClean = isReusable && attempt.ending === null
    if (run.attempt === attempt) run.attempt = null
    if (!isClean && attempt.ending !== null) attempt.process.signal('SIGKILL')
    this.#handlers.onReleased(run, attempt.worker, isClean)
  }

  #used(attempt: Attempt, message: { cpuSeconds: number; peakMemoryBytes: number } | null): { cpuSeconds: number | null; peakMemoryBytes: number | null } {
    return {
      cpuSeconds: message?.cpuSeconds ?? attempt.cpuSeconds,
      peakMemoryBytes: message === null ? attempt.peakMemoryBytes : Math.max(message.peakMemoryBytes, attempt.peakMemoryBytes ?? 0),
    }
  }

  #inputsOf(run: LiveRun): readonly Uint8Array[] | null {
    if (run.inputs !== null) return run.inputs
    const stored = this.#store.payloads.read('inputs', run.number)
    if (stored.status === 'ok') return stored.buffers
    const attempt = run.attempt as Attempt
    attempt.settle()
    this.#release(attempt, true)
    const message = stored.status === 'missing' ? 'its inputs are not in the store' : `its inputs are damaged: ${stored.reason}`
    const error: ErrorRecord = { name: 'LabflowError', code: 'STORE_DAMAGED', message: `${run.record.shortId} cannot start: ${message}. Submit it again.`, traceback: [] }
    this.#apply(attempt, { type: 'failed', timeMs: this.#clock.nowMs(), error, random: 0 }, { record: { error } })
    return null
  }

  #afterRawOutput(action: () => void): void {
    this.#clock.soon(() => this.#clock.soon(action))
  }
}

function recordOf(error: unknown): ErrorRecord {
  const code = isLabflowError(error) ? error.code : 'INTERNAL'
  return { name: 'LabflowError', code, message: error instanceof Error ? error.message : String(error), traceback: [] }
}

/** A seed that the same work always gets, and another attempt does not. */
function seedOf(cacheKey: string, attempt: number): number {
  return (Number.parseInt(cacheKey.slice(0, 8), 16) + attempt) >>> 0
}
