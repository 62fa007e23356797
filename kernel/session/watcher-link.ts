/**
 * Owns what the main thread and its watcher thread share: counters in shared memory, and the start of the watcher.
 */
import { extname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

export interface WatcherShared {
  /** Numbers of the newest interrupt: [0] asked for, [1] answered by the main thread, [2] over, with no termination on its way. */
  interrupts: Int32Array<SharedArrayBuffer>
  gate: Int32Array<SharedArrayBuffer>
}

export interface WatcherLink {
  /** Resolves when the watcher listens: from then on an interrupt is heard at once. */
  readonly listening: Promise<void>
  /** Resolves when the newest interrupt is over: from then on nothing of it can hit other code. */
  whenClear(): Promise<void>
}

/** Turns of this interval are what a termination of an idle main thread is used up on. */
const LOOK_MS = 2

/** Starts the watcher thread and the SIGINT handler; `onInterrupt` is called on the main thread for each interrupt. */
export function startWatcher(gate: Int32Array<SharedArrayBuffer>, onInterrupt: () => void): WatcherLink {
  const shared: WatcherShared = {
    interrupts: new Int32Array(new SharedArrayBuffer(12)),
    gate,
  }
  const own = fileURLToPath(import.meta.url)
  const worker = new Worker(new URL(`./watcher${extname(own)}`, import.meta.url), { workerData: shared, stdout: true, stderr: true })
  const listening = new Promise<void>((resolve) => worker.once('message', () => resolve()))
  worker.unref()
  // A watcher that died would leave a session that nobody can stop.
  worker.on('error', () => process.kill(process.pid, 'SIGKILL'))
  // Never taken away. All or nothing: a termination inside it leaves the interrupt unanswered, and the next signal does it again.
  process.on('SIGINT', () => {
    const asked = Atomics.load(shared.interrupts, 0)
    if (Atomics.load(shared.interrupts, 1) >= asked) return
    onInterrupt()
    Atomics.store(shared.interrupts, 1, asked)
  })
  return { listening, whenClear: () => whenClear(shared.interrupts) }
}

/** An interval and not a timeout: a termination may be used up on one of its turns. */
function whenClear(interrupts: Int32Array<SharedArrayBuffer>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (Atomics.load(interrupts, 2) < Atomics.load(interrupts, 0)) return
      clearInterval(timer)
      resolve()
    }, LOOK_MS)
  })
}
