/**
 * Owns what the main thread and its watcher thread share: counters in shared memory, and the start of the watcher.
 */
import { extname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

export interface WatcherShared {
  /** [0] counts the interrupts asked for, [1] is the number of the newest one that the main thread has answered. */
  interrupts: Int32Array<SharedArrayBuffer>
  /** [0] is 1 while code runs that SIGINT breaks by itself. */
  phase: Int32Array<SharedArrayBuffer>
  gate: Int32Array<SharedArrayBuffer>
}

export interface WatcherLink {
  readonly phase: Int32Array<SharedArrayBuffer>
  /** Tells the watcher that the main thread runs again. */
  answer(): void
}

/** Starts the watcher thread and the SIGINT handler; `onInterrupt` is called on the main thread for each interrupt. */
export function startWatcher(gate: Int32Array<SharedArrayBuffer>, onInterrupt: () => void): WatcherLink {
  const shared: WatcherShared = {
    interrupts: new Int32Array(new SharedArrayBuffer(8)),
    phase: new Int32Array(new SharedArrayBuffer(4)),
    gate,
  }
  const own = fileURLToPath(import.meta.url)
  const worker = new Worker(new URL(`./watcher${extname(own)}`, import.meta.url), { workerData: shared, stdout: true, stderr: true })
  worker.unref()
  // A watcher that died would leave a session that nobody can stop.
  worker.on('error', () => process.kill(process.pid, 'SIGKILL'))
  const answer = (): void => {
    Atomics.store(shared.interrupts, 1, Atomics.load(shared.interrupts, 0))
  }
  process.on('SIGINT', () => {
    // A repeated signal may be handled after its interrupt was answered: it must not hit the next cell.
    if (Atomics.load(shared.interrupts, 1) === Atomics.load(shared.interrupts, 0)) return
    answer()
    onInterrupt()
  })
  return { phase: shared.phase, answer }
}
