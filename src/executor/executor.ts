/**
 * Owns the executor of one store from lock to farewell: opens the store (the lock), adopts what an earlier executor left,
 * then binds, then writes the executor file. The order matters: a bind steals the address of whoever has it.
 */
import { hostname } from 'node:os'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { fault } from '../faults.ts'
import { isFinal } from '../model/state.ts'
import type { RunEvent } from '../model/run.ts'
import { Store } from '../store/store.ts'
import { version } from '../version.ts'
import { socketPaths } from '../wire/addresses.ts'
import type { SocketPaths } from '../wire/addresses.ts'
import { PROTOCOL_VERSION } from '../wire/engine-protocol.ts'
import type { EngineRequest, RunEnded } from '../wire/engine-protocol.ts'
import { dropExecutorFile, writeExecutorFile } from '../wire/executor-file.ts'
import { processStart } from '../wire/process-identity.ts'
import { EngineServer } from '../wire/sockets.ts'
import type { Envelope } from '../wire/sockets.ts'
import { adoptRuns, dismissOrphan } from './adoption.ts'
import type { Orphans } from './adoption.ts'
import { Engine } from './engine.ts'
import type { Attempt, Subscriber } from './live-run.ts'
import { openLog } from './log-file.ts'
import { Peers } from './peers.ts'
import type { Peer } from './peers.ts'
import { checkProtocol, Requests, toRecord } from './requests.ts'
import { watchRuns } from './run-watch.ts'
import type { ExecutorSettings } from './settings.ts'
import { WorkersSocket } from './workers-socket.ts'

/** How often the executor asks itself whether it is still needed. */
const IDLE_LOOK_MS = 1_000

export class Executor {
  readonly #store: Store
  readonly #clock: Clock
  readonly #settings: ExecutorSettings
  readonly #log: (words: string) => void
  readonly #engine: Engine
  readonly #requests: Requests
  readonly #peers: Peers
  readonly #orphans: Orphans = new Map()
  readonly #paths: SocketPaths
  readonly #onEnd: (exitCode: number) => void
  #server: EngineServer | null = null
  #workersSocket: WorkersSocket | null = null
  #isEnding = false
  /** No new request is taken: whoever asks now asks the next executor. */
  #isStopping = false

  /**
   * Takes the store's lock.
   * @param onEnd called once, when everything is closed.
   * @throws LabflowError STORE_BUSY when another executor has it, and the other errors of the store.
   */
  constructor(storeFolder: string, settings: ExecutorSettings, clock: Clock, onEnd: (exitCode: number) => void) {
    this.#clock = clock
    this.#settings = settings
    this.#onEnd = onEnd
    this.#store = new Store(storeFolder, clock, (error) => {
      this.#log(`ending: ${error.message}`)
      void this.end(1)
    })
    this.#log = openLog(join(storeFolder, 'executor.log'), clock)
    this.#paths = socketPaths(storeFolder)
    this.#engine = new Engine({
      store: this.#store, clock, settings, log: this.#log,
      onEngineRequest: (attempt, request, buffers) => this.#handleWorker(attempt, request, buffers),
    })
    this.#requests = new Requests(this.#engine, (cancelRunning) => this.#stop(cancelRunning))
    this.#peers = new Peers(clock)
  }

  /** Adopts, binds, and says where it is. */
  async start(): Promise<void> {
    this.#adopt()
    rmSync(this.#paths.clientsSocket, { force: true })
    this.#server = await EngineServer.listen(this.#paths.address, {
      onMessage: (peer, message, buffers) => this.#handleClient(peer, message, buffers),
      onTrouble: (words) => this.#log(words),
    })
    this.#workersSocket = new WorkersSocket(this.#engine, this.#orphans, this.#paths.workersSocket)
    await this.#workersSocket.listen()
    fault('executor.after-bind')
    fault('store.executor-file')
    writeExecutorFile(this.#store.folder, {
      host: hostname(), storePath: this.#store.folder, pid: process.pid, startTime: processStart(process.pid), address: this.#paths.address,
      workersSocket: this.#paths.workersSocket, protocol: PROTOCOL_VERSION, version,
    })
    this.#engine.dispatcher.pump()
    watchRuns(this.#clock, this.#engine.book, this.#settings.silentMs)
    this.#clock.every(Math.min(IDLE_LOOK_MS, this.#settings.idleMs), () => {
      if (this.#leaveGoneStore()) return
      this.#healSocket()
      if (this.#engine.idleForMs < this.#settings.idleMs) return
      this.#log('ending: nothing to do')
      void this.end(0)
    })
    this.#log(`started: process ${process.pid}, Labflow ${version}, Node ${process.version}, ${this.#settings.slots} slots`)
  }

  /** Closes everything; attempts at work go on by themselves and spool. A second call does nothing. */
  async end(exitCode: number): Promise<void> {
    if (this.#isEnding) return
    this.#isEnding = true
    this.#engine.pool.close(true)
    for (const orphan of this.#orphans.values()) orphan.stop()
    this.#workersSocket?.close()
    try {
      this.#store.close()
    } catch (error) {
      this.#log(`the store could not be closed: ${(error as Error).message}`)
    }
    await this.#server?.close()
    dropExecutorFile(this.#store.folder, process.pid)
    this.#log('ended')
    this.#onEnd(exitCode)
  }

  /** An error of our own that nobody caught: into the log with its stack, and out; the next executor takes over. */
  fail(error: unknown): void {
    this.#log(`ending after an error of its own: ${error instanceof Error ? error.stack : String(error)}`)
    void this.end(1)
  }

  #adopt(): void {
    adoptRuns(this.#engine, this.#orphans, this.#log)
    const { onEnded, onAwaitingRetry } = this.#engine.book
    this.#engine.book.onEnded = (run) => {
      onEnded(run)
      dismissOrphan(this.#engine, run.record.id, this.#orphans)
    }
    this.#engine.book.onAwaitingRetry = (run, retryAtMs) => {
      onAwaitingRetry(run, retryAtMs)
      dismissOrphan(this.#engine, run.record.id, this.#orphans)
    }
    this.#store.turn.commit()
  }

  #handleClient(id: string, message: Envelope, buffers: Uint8Array[]): void {
    const server = this.#server
    if (server === null || this.#isStopping || this.#isEnding) return
    const peer: Peer = this.#peers.heard(id, server)
    if (this.#peers.note(id, peer, message) || this.#leaveGoneStore()) return
    const request = message as unknown as EngineRequest
    if (request.kind !== 'request' || !Number.isSafeInteger(request.id)) {
      this.#log(`dropped a message of kind "${String(message.kind).slice(0, 40)}" that is no request`)
      return
    }
    try {
      checkProtocol(message.v, this.#store.folder)
    } catch (error) {
      server.send(id, { kind: 'reply', id: request.id, ok: false, error: toRecord(error) } as { kind: string })
      return
    }
    this.#requests.handle(request, { subscriber: peer, run: null, reply: (reply, more) => server.send(id, reply, more) }, buffers)
  }

  /** Answers a run's own request over its pipe; it hears states and ends of the runs it asked for. */
  #handleWorker(attempt: Attempt, request: EngineRequest, buffers: Uint8Array[]): void {
    const subscriber = (attempt.subscriber ??= workerSubscriber(attempt))
    this.#requests.handle(request, {
      subscriber,
      run: attempt.run,
      reply: (reply, more) => void attempt.process.send({ type: 'engine', payload: reply }, more),
    }, buffers)
  }

  /** Binds again when a cleaner of temporary files took the socket: who is connected stays so, others find it again. */
  #healSocket(): void {
    if (this.#server === null || this.#isEnding || existsSync(this.#paths.clientsSocket)) return
    this.#log('the socket file was removed: bound again')
    try {
      socketPaths(this.#store.folder)
      this.#server.rebind(this.#paths.address).catch((error: Error) => this.#log(`the socket could not be bound again: ${error.message}`))
    } catch (error) {
      this.#log((error as Error).message)
    }
  }

  /**
   * Ends when the store was removed under it: what it wrote from here on, nobody would ever find. Whoever asks now asks the next executor.
   * Ends hard: closing the sockets would remove their files, which may be the next executor's by then.
   */
  #leaveGoneStore(): boolean {
    if (this.#isStopping || !this.#store.isGone) return this.#isStopping
    this.#isStopping = true
    const words = `the store ${this.#store.folder} was removed or moved while runs were in it`
    for (const run of [...this.#engine.book.runs]) {
      this.#engine.cancel(run, words)
      run.attempt?.process.signal('SIGKILL')
    }
    this.#whenQuiet(true, () => process.kill(process.pid, 'SIGKILL'))
    return true
  }

  #stop(cancelRunning: boolean): number {
    let left = 0
    for (const run of [...this.#engine.book.runs]) {
      if (cancelRunning && !isFinal(run.record.state.type)) this.#engine.cancel(run, 'the executor was stopped')
      if (run.attempt !== null) left++
    }
    this.#isStopping = true
    dropExecutorFile(this.#store.folder, process.pid)
    this.#whenQuiet(cancelRunning, () => void this.end(0))
    return cancelRunning ? 0 : left
  }

  /** Ends after this turn's answers, and after cancelled attempts are gone, at most 3 s later. */
  #whenQuiet(waitForRuns: boolean, end: () => void): void {
    const lastMs = this.#clock.monotonicMs() + 3_000
    const look = (): void => {
      if (waitForRuns && this.#engine.book.size > 0 && this.#clock.monotonicMs() < lastMs) this.#clock.after(20, look)
      else end()
    }
    this.#clock.after(10, look)
  }
}

function workerSubscriber(attempt: Attempt): Subscriber {
  return {
    hearsAll: false,
    deliver: (event: RunEvent | RunEnded, buffers) => {
      if (!attempt.isSettled) attempt.process.send({ type: 'engine', payload: { kind: 'event', event } }, buffers)
    },
  }
}
