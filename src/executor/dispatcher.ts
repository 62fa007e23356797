/**
 * Owns which run starts next and who holds a slot. Leaves first: a run that others wait for goes before a new one.
 * A flow needs no slot; a task that waits for another run gives its own back, else two of them on two slots wait for ever.
 */
import { LabflowError } from '../model/errors.ts'
import type { LiveRun } from './live-run.ts'
import type { WorkerLink } from './worker-link.ts'
import type { WorkerPool } from './worker-pool.ts'

export interface DispatchSettings {
  /** Tasks at work at once. */
  slots: number
  /** Flows and waiting tasks that may hold a process at once. */
  maxParkedWorkers: number
}

export class Dispatcher {
  readonly #settings: DispatchSettings
  readonly #pool: WorkerPool
  readonly #start: (run: LiveRun, worker: WorkerLink) => boolean
  readonly #tasksByDepth = new Map<number, LiveRun[]>()
  #flows: LiveRun[] = []
  #resuming: { run: LiveRun; resume: () => void }[] = []
  #usedSlots = 0
  /** Flows at work and tasks that wait. */
  #waitingProcesses = 0
  #isPumping = false

  constructor(settings: DispatchSettings, pool: WorkerPool, start: (run: LiveRun, worker: WorkerLink) => boolean) {
    this.#settings = settings
    this.#pool = pool
    this.#start = start
  }

  get slots(): { total: number; used: number } {
    return { total: this.#settings.slots, used: this.#usedSlots }
  }

  get queued(): number {
    let count = this.#flows.length
    for (const queue of this.#tasksByDepth.values()) count += queue.length
    return count
  }

  /** Puts a PENDING run in line. @throws LabflowError LIMIT_REACHED for a nested flow when every process waits for another. */
  enqueue(run: LiveRun): void {
    if (run.record.kind === 'flow') {
      this.checkNesting(run.parent)
      this.#flows.push(run)
    } else {
      const queue = this.#tasksByDepth.get(run.depth)
      if (queue === undefined) this.#tasksByDepth.set(run.depth, [run])
      else queue.push(run)
    }
    this.pump()
  }

  /** Refuses a flow inside a run when no process is left for it: it would wait for ever. @throws LabflowError LIMIT_REACHED. */
  checkNesting(parent: LiveRun | null): void {
    if (parent !== null && this.#waitingProcesses >= this.#settings.maxParkedWorkers) throw this.#tooManyWaiting()
  }

  /** A run that an earlier executor started holds its slot here too. */
  occupy(run: LiveRun): void {
    if (run.record.kind === 'flow') this.#waitingProcesses++
    else {
      this.#usedSlots++
      run.hasSlot = true
    }
  }

  /** The run waits for another: its slot goes to the next. @throws LabflowError LIMIT_REACHED. */
  park(run: LiveRun): void {
    if (run.record.kind === 'flow' || run.isParked) return
    if (this.#waitingProcesses >= this.#settings.maxParkedWorkers) throw this.#tooManyWaiting()
    run.isParked = true
    this.#waitingProcesses++
    this.#giveSlotBack(run)
    this.pump()
  }

  /** The run goes on: resolves when it has a slot again, which it gets before any new run. */
  unpark(run: LiveRun): Promise<void> {
    if (!run.isParked) return Promise.resolve()
    return new Promise((resume) => {
      this.#resuming.push({ run, resume })
      this.pump()
    })
  }

  /** The attempt of a run is over: its slot or process is free. */
  release(run: LiveRun): void {
    if (run.record.kind === 'flow') this.#waitingProcesses--
    if (run.isParked) {
      run.isParked = false
      this.#waitingProcesses--
      this.#resuming = this.#resuming.filter((waiting) => waiting.run !== run)
    }
    this.#giveSlotBack(run)
  }

  /** Starts what can start now. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      this.#resume()
      this.#startTasks()
      this.#startFlows()
      if (this.#nextTask() === null) this.#pool.keepWarm()
    } finally {
      this.#isPumping = false
    }
  }

  /** The next waiting run that wants this Node, taken out of line; null when there is none. */
  takeWaiting(nodePath: string): LiveRun | null {
    for (const queue of [...this.#tasksByDepth.values(), this.#flows]) {
      const at = queue.findIndex((run) => run.submission.environment.nodePath === nodePath && isWaiting(run))
      if (at !== -1) return queue.splice(at, 1)[0] as LiveRun
    }
    return null
  }

  #resume(): void {
    while (this.#resuming.length > 0 && this.#usedSlots < this.#settings.slots) {
      const { run, resume } = this.#resuming.shift() as { run: LiveRun; resume: () => void }
      run.isParked = false
      this.#waitingProcesses--
      run.hasSlot = true
      this.#usedSlots++
      resume()
    }
  }

  #startTasks(): void {
    while (this.#usedSlots < this.#settings.slots) {
      const queue = this.#nextTask()
      if (queue === null) return
      const run = queue[0] as LiveRun
      const worker = this.#pool.take(run.submission.environment.nodePath)
      if (worker === null) {
        let waiting = 0
        for (const other of this.#tasksByDepth.values()) waiting += other.length
        this.#pool.want(run.submission.environment.nodePath, Math.min(waiting, this.#settings.slots - this.#usedSlots))
        return
      }
      queue.shift()
      run.hasSlot = true
      this.#usedSlots++
      if (this.#start(run, worker)) continue
      this.#giveSlotBack(run)
      this.#pool.giveBack(worker, true)
    }
  }

  #startFlows(): void {
    while (this.#waitingProcesses < this.#settings.maxParkedWorkers) {
      while (this.#flows.length > 0 && !isWaiting(this.#flows[0] as LiveRun)) this.#flows.shift()
      const run = this.#flows[0]
      if (run === undefined) return
      const worker = this.#pool.take(run.submission.environment.nodePath)
      if (worker === null) {
        this.#pool.want(run.submission.environment.nodePath, Math.min(this.#flows.length, this.#settings.slots))
        return
      }
      this.#flows.shift()
      this.#waitingProcesses++
      if (this.#start(run, worker)) continue
      this.#waitingProcesses--
      this.#pool.giveBack(worker, true)
    }
  }

  /** The deepest queue that has a run still waiting at its head. */
  #nextTask(): LiveRun[] | null {
    let deepest: LiveRun[] | null = null
    let depth = -1
    for (const [queueDepth, queue] of this.#tasksByDepth) {
      while (queue.length > 0 && !isWaiting(queue[0] as LiveRun)) queue.shift()
      if (queue.length === 0) this.#tasksByDepth.delete(queueDepth)
      else if (queueDepth > depth) {
        deepest = queue
        depth = queueDepth
      }
    }
    return deepest
  }

  #giveSlotBack(run: LiveRun): void {
    if (!run.hasSlot) return
    run.hasSlot = false
    this.#usedSlots--
  }

  #tooManyWaiting(): LabflowError {
    return new LabflowError('LIMIT_REACHED',
      `${this.#waitingProcesses} runs wait for other runs, each in a process of its own; the limit is ${this.#settings.maxParkedWorkers} (LABFLOW_MAX_PARKED). Nest flows less deeply, or start fewer at once.`)
  }
}

/** A run that was cancelled while it stood in line is passed over. */
function isWaiting(run: LiveRun): boolean {
  return run.record.state.type === 'PENDING' && run.attempt === null
}
