/**
 * Owns what the main thread and its watcher thread share: counters in shared memory, and the start of the watcher.
 */
import { extname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

export interface WatcherShared {
  /** [0] grows whenever the main thread has answered an interrupt. */
  answers: Int32Array<SharedArrayBuffer>
  /** [0] is 1 while an interrupt is asked for, [1] counts the hot loops that run now. */
  loopFlag: Int32Array<SharedArrayBuffer>
  gate: Int32Array<SharedArrayBuffer>
}

export interface WatcherLink {
  readonly loopFlag: Int32Array<SharedArrayBuffer>
  /** Tells the watcher that the main thread runs again. */
  answer(): void
}

/** Starts the watcher thread and the SIGINT handler; `onInterrupt` is called on the main thread for each interrupt. */
export function startWatcher(gate: Int32Array<SharedArrayBuffer>, onInterrupt: () => void): WatcherLink {
  const shared: WatcherShared = {
    answers: new Int32Array(new SharedArrayBuffer(4)),
    loopFlag: new Int32Array(new SharedArrayBuffer(8)),
    gate,
  }
  const own = fileURLToPath(import.meta.url)
  const worker = new Worker(new URL(`./watcher${extname(own)}`, import.meta.url), { workerData: shared, stdout: true, stderr: true })
  worker.unref()
  // A watcher that died would leave a session that nobody can stop.
  worker.on('error', () => process.kill(process.pid, 'SIGKILL'))
  const answer = (): void => {
    Atomics.store(shared.loopFlag, 0, 0)
    Atomics.add(shared.answers, 0, 1)
  }
  process.on('SIGINT', () => {
    answer()
    onInterrupt()
  })
  return { loopFlag: shared.loopFlag, answer }
}
