/** Owns what is known of one attempt while its process works: who runs it, how it is being ended, what it used so far. */
import type { Timer } from '../clock.ts'
import type { LiveRun, Subscriber } from './live-run.ts'
import type { AttemptProcess, WorkerLink } from './worker-link.ts'

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
