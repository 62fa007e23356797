/**
 * Owns the session's way to the executor: requests go up the pipe to the kernel, which passes them on; answers and events come down.
 */
import { LabflowError, type ErrorCode } from '../../src/model/errors.ts'
import type { RunEvent } from '../../src/model/run.ts'
import type { EngineEvent, EngineMethod, EngineMethods, EngineReply, EngineTransport, RunEnded } from '../../src/wire/engine-protocol.ts'
import { currentCellId } from './cell-context.ts'
import type { Outlet } from './outlet.ts'

type Listener = (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void

interface Waiting {
  resolve(answer: { result: never; buffers: Uint8Array[] }): void
  reject(error: Error): void
}

/** One for the life of the session. */
export class EnginePipe implements EngineTransport {
  readonly #outlet: Outlet
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Set<Listener>()
  #lastId = 0

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  request<M extends EngineMethod>(method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[] = []): Promise<{ result: EngineMethods[M]['result']; buffers: Uint8Array[] }> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#outlet.send({ type: 'engine', cellId: currentCellId(), payload: { kind: 'request', id, method, params } }, buffers)
    })
  }

  onEvent(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Takes an answer or event that the kernel passed on. */
  receive(payload: EngineReply | EngineEvent, buffers: Uint8Array[]): void {
    if (payload.kind === 'event') {
      for (const listener of this.#listeners) listener(payload.event, buffers)
      return
    }
    const waiting = this.#waiting.get(payload.id)
    this.#waiting.delete(payload.id)
    if (payload.ok) waiting?.resolve({ result: payload.result as never, buffers })
    else waiting?.reject(new LabflowError((payload.error.code ?? 'INTERNAL') as ErrorCode, payload.error.message, { detail: { record: payload.error } }))
  }

  async close(): Promise<void> {}
}
