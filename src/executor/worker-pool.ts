/**
 * Owns which worker processes exist: at least one is always started ahead and idle, so that a submission finds it warm.
 * Refuses to start again and again what dies at its start: after three deaths in a row it says so.
 */
import type { Clock } from '../clock.ts'
import type { WorkerMessage } from '../worker/protocol.ts'
import { WorkerLink } from './worker-link.ts'

export interface PoolHandlers {
  onIdle(): void
  onMessage(worker: WorkerLink, message: WorkerMessage, buffers: Uint8Array[]): void
  onRawOutput(worker: WorkerLink, name: 'stdout' | 'stderr', text: string): void
  /** A worker that had a run is gone. */
  onLost(worker: WorkerLink, words: string): void
  /** Workers of this Node cannot be started. */
  onStartFailure(nodePath: string, words: string): void
  log(words: string): void
}

export interface PoolSettings {
  /** Absolute path of the worker's entry file. */
  entry: string
  /** Default Node of workers started ahead. */
  nodePath: string
  /** Idle workers beyond this are ended after a while. */
  maxIdle: number
  /** Idle workers beyond this are ended at once: one more than can be busy, else each burst ends with a start and an end of a worker (a third of a map of 542). */
  maxIdleInBurst: number
  cwd: string
}

const MAX_START_FAILURES = 3
/** After a burst, idle workers beyond the usual number stay for this long. */
const TRIM_MS = 5_000

export class WorkerPool {
  readonly #settings: PoolSettings
  readonly #clock: Clock
  readonly #handlers: PoolHandlers
  readonly #workers = new Set<WorkerLink>()
  readonly #startFailures = new Map<string, number>()
  #isTrimDue = false
  #isClosing = false

  constructor(settings: PoolSettings, clock: Clock, handlers: PoolHandlers) {
    this.#settings = settings
    this.#clock = clock
    this.#handlers = handlers
  }

  get workers(): readonly WorkerLink[] {
    return [...this.#workers]
  }

  /** An idle worker of that Node, now busy; null when there is none: then ask `want` and wait for `onIdle`. */
  take(nodePath: string): WorkerLink | null {
    for (const worker of this.#workers) {
      if (worker.state !== 'idle' || worker.nodePath !== nodePath) continue
      worker.state = 'busy'
      return worker
    }
    return null
  }

  /** Makes sure that `count` workers of that Node are idle or starting. */
  want(nodePath: string, count: number): void {
    if (this.#isClosing) return
    let present = 0
    for (const worker of this.#workers) {
      if (worker.nodePath === nodePath && (worker.state === 'idle' || worker.state === 'starting')) present++
    }
    for (; present < count; present++) this.#start(nodePath)
  }

  /** Keeps one warm worker of the default Node ahead. */
  keepWarm(): void {
    this.want(this.#settings.nodePath, 1)
  }

  /** Takes a worker back after its attempt; one that is no longer clean is ended. */
  giveBack(worker: WorkerLink, isReusable: boolean): void {
    worker.runId = null
    const idle = this.#idle.length
    if (!isReusable || this.#isClosing || idle >= this.#settings.maxIdleInBurst) {
      this.retire(worker)
      return
    }
    worker.state = 'idle'
    if (idle >= this.#settings.maxIdle) this.#trimLater()
    this.#handlers.onIdle()
  }

  /** Ends a worker politely, and by force when it does not listen. */
  retire(worker: WorkerLink): void {
    worker.state = 'retired'
    worker.send({ type: 'exit' })
    this.#clock.after(1_000, () => {
      if (this.#workers.has(worker)) worker.signal('SIGKILL')
    }, false)
  }

  /** Ends idle workers; busy ones go on by themselves when `leaveBusy`. */
  close(leaveBusy: boolean): void {
    this.#isClosing = true
    for (const worker of this.#workers) {
      if (leaveBusy && worker.runId !== null) worker.release()
      else worker.signal('SIGKILL')
    }
  }

  get #idle(): WorkerLink[] {
    return this.workers.filter((worker) => worker.state === 'idle')
  }

  #trimLater(): void {
    if (this.#isTrimDue) return
    this.#isTrimDue = true
    this.#clock.after(TRIM_MS, () => {
      this.#isTrimDue = false
      for (const worker of this.#idle.slice(this.#settings.maxIdle)) this.retire(worker)
    }, false)
  }

  #start(nodePath: string): void {
    const worker = new WorkerLink(nodePath, this.#settings.entry, this.#settings.cwd, this.#clock, {
      onMessage: (link, message, buffers) => {
        if (message.type === 'ready') this.#ready(link)
        else this.#handlers.onMessage(link, message, buffers)
      },
      onRawOutput: (link, name, text) => this.#handlers.onRawOutput(link, name, text),
      onDamage: (link, lostBytes) => this.#handlers.log(`worker ${link.pid}: ${lostBytes} bytes of its pipe were damaged and skipped`),
      onGone: (link, words) => this.#gone(link, words),
    })
    this.#workers.add(worker)
  }

  #ready(worker: WorkerLink): void {
    if (worker.state !== 'starting') return
    this.#startFailures.delete(worker.nodePath)
    worker.state = 'idle'
    this.#handlers.onIdle()
  }

  #gone(worker: WorkerLink, words: string): void {
    const wasStarting = worker.state === 'starting'
    const wasRetired = worker.state === 'retired'
    this.#workers.delete(worker)
    worker.state = 'retired'
    if (this.#isClosing) return
    if (worker.runId !== null) this.#handlers.onLost(worker, words)
    if (!wasStarting) {
      if (!wasRetired || words.startsWith('was killed')) this.keepWarm()
      return
    }
    const failures = (this.#startFailures.get(worker.nodePath) ?? 0) + 1
    this.#startFailures.set(worker.nodePath, failures)
    const reason = `${words}${worker.lastWords === '' ? '' : `: ${worker.lastWords.trim()}`}`
    this.#handlers.log(`a worker (${worker.nodePath}) ${reason}`)
    if (failures >= MAX_START_FAILURES) {
      this.#startFailures.delete(worker.nodePath)
      this.#handlers.onStartFailure(worker.nodePath, reason)
    } else {
      this.want(worker.nodePath, 1)
    }
  }
}
