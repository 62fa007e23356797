/**
 * Owns a worker's way to the executor for the runs that its code submits: requests up the pipe, replies and events down.
 * Refuses to leave a caller waiting for ever: when the executor is gone, open requests are asked again over the watcher's socket.
 */
import { randomUUID } from 'node:crypto'
import { LabflowError } from '../model/errors.ts'
import type { EngineEvent, EngineMethod, EngineMethods, EngineReply, EngineRequest, EngineTransport, RunEnded } from '../wire/engine-protocol.ts'
import type { RunEvent } from '../model/run.ts'
import { isFinal } from '../model/state.ts'

interface OpenRequest {
  request: EngineRequest
  buffers: readonly Uint8Array[]
  resolve(answer: { result: never; buffers: Uint8Array[] }): void
  reject(error: Error): void
}

/** Carries engine requests over frames that someone else sends. */
export class EnginePort implements EngineTransport {
  readonly #send: (payload: EngineRequest, buffers: readonly Uint8Array[]) => void
  readonly #open = new Map<number, OpenRequest>()
  readonly #listeners = new Set<(event: RunEvent | RunEnded, buffers: Uint8Array[]) => void>()
  readonly #followed = new Set<string>()
  #nextId = 1

  constructor(send: (payload: EngineRequest, buffers: readonly Uint8Array[]) => void) {
    this.#send = send
  }

  request<M extends EngineMethod>(method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[] = []): Promise<{ result: EngineMethods[M]['result']; buffers: Uint8Array[] }> {
    const asked = method === 'submit' ? { runId: randomUUID(), ...params } : params
    const request: EngineRequest = { kind: 'request', id: this.#nextId++, method, params: asked }
    if (method === 'submit') this.#followed.add((asked as { runId: string }).runId)
    return new Promise((resolve, reject) => {
      this.#open.set(request.id, { request, buffers, resolve: resolve as OpenRequest['resolve'], reject })
      this.#send(request, buffers)
    })
  }

  /** Whether someone waits for an answer or an end. */
  get isInUse(): boolean {
    return this.#open.size > 0 || this.#followed.size > 0
  }

  onEvent(listener: (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes what came down. */
  receive(payload: EngineReply | EngineEvent, buffers: Uint8Array[]): void {
    if (payload.kind === 'event') {
      if (payload.event.type === 'end') this.#followed.delete(payload.event.runId)
      for (const listener of [...this.#listeners]) listener(payload.event, buffers)
      return
    }
    const open = this.#open.get(payload.id)
    if (open === undefined) return
    this.#open.delete(payload.id)
    if (payload.ok) open.resolve({ result: payload.result as never, buffers })
    else open.reject(new LabflowError((payload.error.code ?? 'INTERNAL') as never, payload.error.message))
  }

  /** A new executor took over: asks open requests again (a submit carries its run id, so it is made once) and follows its runs again. */
  resume(): void {
    const open = [...this.#open.values()]
    for (const { request, buffers } of open) this.#send(request, buffers)
    const submitting = new Set(open.map(({ request }) => (request.params as { runId?: string }).runId))
    for (const runId of this.#followed) {
      if (!submitting.has(runId)) void this.#followAgain(runId).catch(() => {})
    }
  }

  /** A run that ended while there was no executor has no end left to tell: it is told from the store. */
  async #followAgain(runId: string): Promise<void> {
    const { run } = (await this.request('get', { run: runId, subscribe: true })).result
    if (!isFinal(run.state.type)) return
    const { buffers } = await this.request('result', { runId })
    if (this.#followed.has(runId)) this.receive({ kind: 'event', event: { type: 'end', runId, seq: -1, run } }, buffers)
  }

  /** Between attempts: nobody listens any more. */
  reset(): void {
    this.#open.clear()
    this.#listeners.clear()
    this.#followed.clear()
  }

  async close(): Promise<void> {
    this.reset()
  }
}
