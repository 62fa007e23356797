/**
 * Owns the use of cached results: hits, expiry, and runs of one key at the same time, of which only the first computes.
 * A damaged result is a miss and a warning, never an answer.
 */
import type { Clock } from '../clock.ts'
import type { RunOutput, RunRecord, Submission } from '../model/run.ts'
import type { Store } from '../store/store.ts'
import type { LiveRun } from './live-run.ts'

/** A result that answers a submission. */
export interface CacheHit {
  number: number
  source: RunRecord
  buffers: Uint8Array[]
  outputs: RunOutput[]
}

export class CacheDesk {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: (words: string) => void
  readonly #leaders = new Map<string, LiveRun>()

  constructor(store: Store, clock: Clock, log: (words: string) => void) {
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /**
   * The stored result for this submission, read and checked; null when it has to be computed.
   * @param onDamaged hears in words of a stored result that is no longer what was written.
   */
  find(submission: Submission, onDamaged: (words: string) => void): CacheHit | null {
    const { cache, refresh } = submission.options
    if (cache === null || refresh) return null
    const entry = this.#store.cache.find(submission.cacheKey, this.#clock.nowMs(), cache.expiresAfterMs)
    return entry === null ? null : this.#read(entry.run, submission.cacheKey, onDamaged)
  }

  /** The result of a finished task run of the same parent: a retried flow keeps what it has. */
  findSibling(parent: LiveRun, submission: Submission): CacheHit | null {
    if (parent.record.attempt < 2 || submission.options.refresh) return null
    const number = this.#store.runs.completedChild(parent.record.id, submission.cacheKey)
    return number === null ? null : this.#read(number, null)
  }

  /** The run that computes this key now, if another one does. */
  leaderOf(submission: Submission): LiveRun | null {
    if (submission.options.cache === null || submission.options.refresh) return null
    return this.#leaders.get(submission.cacheKey) ?? null
  }

  /** Notes that a run computes its key. */
  lead(run: LiveRun): void {
    if (run.submission.options.cache !== null && !this.#leaders.has(run.submission.cacheKey)) this.#leaders.set(run.submission.cacheKey, run)
  }

  /** Records the result of a run that ended, when it may be reused. Call within the transaction of its transition. */
  ended(run: LiveRun, mayBeReused: boolean): void {
    const { cacheKey, options } = run.submission
    if (this.#leaders.get(cacheKey) === run) this.#leaders.delete(cacheKey)
    const { record } = run
    if (options.cache === null || record.state.type !== 'COMPLETED' || record.cachedFrom !== null || !mayBeReused) return
    const computedMs = record.endedMs as number
    const { expiresAfterMs } = options.cache
    this.#store.cache.put(cacheKey, { run: run.number, computedMs, expiresMs: expiresAfterMs === null ? null : computedMs + expiresAfterMs })
  }

  /** The hit that a just completed run is for the runs that waited for it. */
  hitOf(run: LiveRun): CacheHit | null {
    return this.#read(run.number, null)
  }

  #read(number: number, key: string | null, onDamaged: (words: string) => void = () => {}): CacheHit | null {
    const source = this.#store.runs.byNumber(number)
    const stored = this.#store.payloads.read('results', number)
    if (source !== null && stored.status === 'ok') {
      return { number, source, buffers: stored.buffers, outputs: this.#store.emissions.outputs(number) }
    }
    if (stored.status === 'damaged') {
      this.#log(`the cached result of r${number} is damaged and is computed again: ${stored.reason}`)
      onDamaged(`the cached result of r${number} is damaged, so it was computed again: look after this disk (${stored.reason})`)
    }
    if (key !== null) {
      this.#store.turn.write()
      this.#store.cache.drop(key)
    }
    return null
  }
}
