/**
 * Owns one connection of a client to one executor process: requests and their replies, events, and the notice that the executor is gone.
 * Refuses to wait for a dead executor: its pid and start time are looked at all the while.
 */
import type { Clock, Timer } from '../clock.ts'
import { systemClock } from '../clock.ts'
import { LabflowError } from '../model/errors.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { RunEvent } from '../model/run.ts'
import { PROTOCOL_VERSION } from '../wire/engine-protocol.ts'
import type { EngineEvent, EngineMethod, EngineMethods, EngineReply, EngineTransport, RunEnded } from '../wire/engine-protocol.ts'
import type { ExecutorFile } from '../wire/executor-file.ts'
import { isSameProcess } from '../wire/process-identity.ts'
import { EngineSocket } from '../wire/sockets.ts'
import type { Envelope } from '../wire/sockets.ts'

export type ClientKind = EngineMethods['hello']['params']['client']

const LIVENESS_MS = 250
const ALIVE_MS = 30_000
const ACK_EVERY = 500
const HELLO_LIMIT_MS = 5_000

interface Pending {
  resolve(answer: { result: never; buffers: Uint8Array[] }): void
  reject(error: LabflowError): void
}

export class ZeromqTransport implements EngineTransport {
  readonly executor: ExecutorFile
  readonly #socket: EngineSocket
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Set<(event: RunEvent | RunEnded, buffers: Uint8Array[]) => void>()
  readonly #timers: Timer[]
  #lastId = 0
  #readEvents = 0
  #isClosed = false
  #onLost: (error: LabflowError) => void = () => {}

  private constructor(executor: ExecutorFile, clock: Clock) {
    this.executor = executor
    this.#socket = new EngineSocket(executor.address, (message, buffers) => this.#receive(message, buffers))
    this.#timers = [
      clock.every(LIVENESS_MS, () => {
        if (!isSameProcess(executor.pid, executor.startTime)) this.#lose(`the executor (process ${executor.pid}) has ended`)
      }),
      clock.every(ALIVE_MS, () => this.#acknowledge()),
    ]
  }

  /** Connects and says hello. @throws LabflowError EXECUTOR_VERSION in words, or EXECUTOR_UNREACHABLE. */
  static async connect(executor: ExecutorFile, client: ClientKind, clock: Clock = systemClock): Promise<ZeromqTransport> {
    const transport = new ZeromqTransport(executor, clock)
    const limit = clock.after(HELLO_LIMIT_MS, () => transport.#lose(`the executor (process ${executor.pid}) did not answer within ${HELLO_LIMIT_MS / 1000} s`))
    try {
      await transport.request('hello', { protocol: PROTOCOL_VERSION, client, pid: process.pid })
      return transport
    } catch (error) {
      await transport.close()
      throw error
    } finally {
      limit.stop()
    }
  }

  get hasPending(): boolean {
    return this.#pending.size > 0
  }

  /** Called at most once, when the executor is gone while the transport is in use. */
  set onLost(listener: (error: LabflowError) => void) {
    this.#onLost = listener
  }

  request<M extends EngineMethod>(method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[] = []): Promise<{ result: EngineMethods[M]['result']; buffers: Uint8Array[] }> {
    if (this.#isClosed) return Promise.reject(new LabflowError('EXECUTOR_UNREACHABLE', 'This connection to the executor is closed.'))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject })
      this.#socket.send({ kind: 'request', id, method, params } as { kind: string }, buffers)
    })
  }

  onEvent(listener: (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#socket.send({ kind: 'bye' })
    this.#end(new LabflowError('EXECUTOR_UNREACHABLE', 'The connection to the executor was closed.'))
    return Promise.resolve()
  }

  #receive(message: Envelope, buffers: Uint8Array[]): void {
    if (message.kind === 'reply') this.#settle(message as unknown as EngineReply, buffers)
    if (message.kind !== 'event') return
    this.#readEvents++
    if (this.#readEvents % ACK_EVERY === 0) this.#acknowledge()
    const { event } = message as unknown as EngineEvent
    for (const listener of this.#listeners) listener(event, buffers)
  }

  #settle(reply: EngineReply, buffers: Uint8Array[]): void {
    const pending = this.#pending.get(reply.id)
    if (pending === undefined) return
    this.#pending.delete(reply.id)
    if (reply.ok) pending.resolve({ result: reply.result as never, buffers })
    else pending.reject(new LabflowError((reply.error.code ?? 'INTERNAL') as ErrorCode, reply.error.message))
  }

  #acknowledge(): void {
    this.#socket.send({ kind: 'ack', events: this.#readEvents } as { kind: string })
  }

  #lose(words: string): void {
    if (this.#isClosed) return
    const error = new LabflowError('EXECUTOR_UNREACHABLE', `Lost the executor: ${words}.`)
    this.#end(error)
    this.#onLost(error)
  }

  #end(error: LabflowError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const timer of this.#timers) timer.stop()
    this.#socket.close()
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
  }
}
