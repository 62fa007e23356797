/**
 * Owns the main thread's side of the watcher thread: tells it what runs, and takes the executor's words from it once the pipes are gone.
 */
import { Worker } from 'node:worker_threads'
import { entryPath } from '../entry.ts'
import type { EngineEvent, EngineReply, EngineRequest } from '../wire/engine-protocol.ts'
import type { WorkerAttach, WorkerCommand } from './protocol.ts'

/** Main thread to watcher thread. */
export type ToWatcher =
  /** The pipes are gone and this run needs answers: find the next executor. It names the run only now: a word to the thread at each attempt cost 0.1 ms. */
  | { type: 'seek'; attach: WorkerAttach; spoolPath: string }
  | { type: 'engine'; payload: EngineRequest; buffers: Uint8Array[] }

/** Watcher thread to main thread. */
export type FromWatcher =
  | { type: 'attached' }
  | { type: 'command'; command: WorkerCommand; buffers: Uint8Array[] }

export interface WatcherHandlers {
  onAttached(): void
  onEngine(payload: EngineReply | EngineEvent, buffers: Uint8Array[]): void
  onCancel(runId: string, reason: string): void
}

/** The watcher thread; it never keeps the process alive. */
export class WatcherLink {
  readonly #thread: Worker

  constructor(fd: number, handlers: WatcherHandlers) {
    this.#thread = new Worker(entryPath('src/worker/watcher'), { workerData: { fd } })
    this.#thread.unref()
    this.#thread.on('error', (error) => process.stderr.write(`labflow worker: the watcher thread failed: ${error.message}\n`))
    this.#thread.on('message', (message: FromWatcher) => {
      if (message.type === 'attached') handlers.onAttached()
      else if (message.command.type === 'engine') handlers.onEngine(message.command.payload, message.buffers)
      else if (message.command.type === 'cancel') handlers.onCancel(message.command.runId, message.command.reason)
    })
  }

  send(message: ToWatcher): void {
    this.#thread.postMessage(message)
  }

  /** While requests are open, the thread's answers must be able to arrive. */
  hold(): void {
    this.#thread.ref()
  }
}
