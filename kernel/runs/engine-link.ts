/**
 * Owns the kernel's one connection to the executor: made at the first need, handed every event, closed with the notebook.
 */
import type { RunEvent } from '../../src/model/run.ts'
import type { EngineMethod, EngineMethods, EngineTransport, RunEnded } from '../../src/wire/engine-protocol.ts'

export type EngineListener = (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void

/** A lazy {@link EngineTransport}. */
export class EngineLink {
  readonly #connect: () => Promise<EngineTransport>
  readonly #listeners = new Set<EngineListener>()
  #transport: Promise<EngineTransport> | null = null
  #isClosed = false

  constructor(connect: () => Promise<EngineTransport>) {
    this.#connect = connect
  }

  /** Whether anything was asked of the executor yet. */
  get isConnected(): boolean {
    return this.#transport !== null
  }

  /** @throws LabflowError with the executor's code, or EXECUTOR_UNREACHABLE. */
  async request<M extends EngineMethod>(
    method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[] = [],
  ): Promise<{ result: EngineMethods[M]['result']; buffers: Uint8Array[] }> {
    const transport = await this.#open()
    return transport.request(method, params, buffers)
  }

  onEvent(listener: EngineListener): void {
    this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const transport = this.#transport
    this.#transport = null
    if (transport) await transport.then((open) => open.close()).catch(() => {})
  }

  #open(): Promise<EngineTransport> {
    if (this.#transport) return this.#transport
    const opening = this.#connect().then((transport) => {
      if (this.#isClosed) void transport.close()
      else transport.onEvent((event, buffers) => this.#listeners.forEach((listener) => listener(event, buffers)))
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
