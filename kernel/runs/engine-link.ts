/**
 * Owns the kernel's one connection to the executor: made at the first need, handed every event, closed with the notebook.
 */
import type { EncodedValue, RunEvent, RunRecord } from '../../src/model/run.ts'
import type { EngineMethod, EngineMethods, EngineTransport, RunEnded } from '../../src/wire/engine-protocol.ts'

export type EngineListener = (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void

/** What the kernel needs of a client: requests, events, and following a run that something else started. */
export interface AttachingEngine extends EngineTransport {
  /** Hears when the executor is gone and no other can be had. */
  onGivenUp?(listener: (error: Error) => void): void
  /** What the run showed so far comes as events first. @throws LabflowError NO_SUCH_RUN. */
  attach(run: string, notebook: string | null): Promise<{ run: RunRecord; ended: Promise<{ run: RunRecord; result: EncodedValue | null }> }>
}

/** A lazy connection. */
export class EngineLink {
  readonly #connect: () => Promise<AttachingEngine>
  readonly #listeners = new Set<EngineListener>()
  readonly #lossListeners = new Set<(error: Error) => void>()
  #transport: Promise<AttachingEngine> | null = null
  #isClosed = false

  constructor(connect: () => Promise<AttachingEngine>) {
    this.#connect = connect
  }

  /** @throws LabflowError with the executor's code, or EXECUTOR_UNREACHABLE. */
  async request<M extends EngineMethod>(
    method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[] = [],
  ): Promise<{ result: EngineMethods[M]['result']; buffers: Uint8Array[] }> {
    const transport = await this.#open()
    return transport.request(method, params, buffers)
  }

  /** Follows a run that something else started. @throws LabflowError NO_SUCH_RUN. */
  async attach(run: string, notebook: string | null): ReturnType<AttachingEngine['attach']> {
    const transport = await this.#open()
    return transport.attach(run, notebook)
  }

  onEvent(listener: EngineListener): void {
    this.#listeners.add(listener)
  }

  /** Hears when runs that are followed will be heard of no more. */
  onGivenUp(listener: (error: Error) => void): void {
    this.#lossListeners.add(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const transport = this.#transport
    this.#transport = null
    if (transport) await transport.then((open) => open.close()).catch(() => {})
  }

  #open(): Promise<AttachingEngine> {
    if (this.#transport) return this.#transport
    const opening = this.#connect().then((transport) => {
      if (this.#isClosed) void transport.close()
      else {
        transport.onEvent((event, buffers) => this.#listeners.forEach((listener) => listener(event, buffers)))
        transport.onGivenUp?.((error) => this.#lossListeners.forEach((listener) => listener(error)))
      }
      return transport
    })
    this.#transport = opening
    // A failed start must not stay: the next request tries again.
    opening.catch(() => {
      if (this.#transport === opening) this.#transport = null
    })
    return opening
  }
}
