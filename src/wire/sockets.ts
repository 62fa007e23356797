/**
 * Owns the zeromq sockets between clients and executor: one send queue per socket, messages as [JSON, ...buffers].
 * Refuses to let a broken message through or to let it hurt: such frames are reported in words and dropped.
 */
import { Dealer, Router } from 'zeromq'
import { PROTOCOL_VERSION } from './engine-protocol.ts'

/** A socket that closes gives queued messages this long to leave. */
const LINGER_MS = 300
/** Nobody sends more than this in one message part. */
const MAX_PART_BYTES = 4 * 1024 ** 3

/** A message as it travels: `v` is the sender's protocol version. */
export interface Envelope {
  v: number
  kind: string
  [field: string]: unknown
}

type Frames = (Uint8Array | string)[]

/** zeromq refuses a second send while one is in flight (EBUSY) and more than 512 a turn: so each waits for the former. */
class SendQueue {
  readonly #send: (frames: Frames) => Promise<void>
  readonly #onError: (error: Error) => void
  #waiting: Frames[] = []
  #isSending = false
  #isClosed = false

  constructor(send: (frames: Frames) => Promise<void>, onError: (error: Error) => void) {
    this.#send = send
    this.#onError = onError
  }

  push(frames: Frames): void {
    if (this.#isClosed) return
    this.#waiting.push(frames)
    if (!this.#isSending) void this.#pump()
  }

  /** Resolves when everything queued was handed to zeromq. */
  async drain(limitMs: number): Promise<void> {
    const end = performance.now() + limitMs
    while (this.#isSending && performance.now() < end) await new Promise((resolve) => setImmediate(resolve))
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = []
  }

  async #pump(): Promise<void> {
    this.#isSending = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      for (const frames of batch) {
        if (this.#isClosed) break
        try {
          await this.#send(frames)
        } catch (error) {
          this.#onError(error as Error)
        }
      }
    }
    this.#isSending = false
  }
}

export interface ServerHandlers {
  onMessage(peer: string, message: Envelope, buffers: Uint8Array[]): void
  /** A frame that is no message of ours, or a send that failed: one sentence for the log. */
  onTrouble(words: string): void
}

/** The executor's end: many peers, each known by its routing id. */
export class EngineServer {
  readonly #router: Router
  readonly #queue: SendQueue
  readonly #handlers: ServerHandlers

  private constructor(router: Router, handlers: ServerHandlers) {
    this.#router = router
    this.#handlers = handlers
    this.#queue = new SendQueue((frames) => router.send(frames), (error) => handlers.onTrouble(`a message could not be sent: ${error.message}`))
  }

  /** Binds. Binding is no lock (it steals the address from another): hold the store first. */
  static async listen(address: string, handlers: ServerHandlers): Promise<EngineServer> {
    // No high-water mark: a router drops silently at its mark, replies as well. The fan-out bounds what a peer may have unread.
    const router = new Router({ linger: LINGER_MS, sendHighWaterMark: 0, receiveHighWaterMark: 0, maxMessageSize: MAX_PART_BYTES })
    await router.bind(address)
    const server = new EngineServer(router, handlers)
    void server.#receive()
    return server
  }

  send(peer: string, message: { kind: string }, buffers: readonly Uint8Array[] = []): void {
    this.#queue.push([Buffer.from(peer, 'latin1'), encode(message), ...buffers])
  }

  async close(): Promise<void> {
    await this.#queue.drain(LINGER_MS)
    this.#queue.close()
    this.#router.close()
  }

  async #receive(): Promise<void> {
    try {
      for await (const [identity, head, ...buffers] of this.#router) {
        const peer = (identity as Buffer).toString('latin1')
        const message = decode(head)
        if (message === null) this.#handlers.onTrouble(`dropped a message of ${head?.byteLength ?? 0} bytes that is no message of Labflow`)
        else this.#handlers.onMessage(peer, message, buffers)
      }
    } catch (error) {
      if (!this.#router.closed) this.#handlers.onTrouble(`receiving stopped: ${(error as Error).message}`)
    }
  }
}

/** A client's end. */
export class EngineSocket {
  readonly #dealer: Dealer
  readonly #queue: SendQueue

  constructor(address: string, onMessage: (message: Envelope, buffers: Uint8Array[]) => void) {
    this.#dealer = new Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0, maxMessageSize: MAX_PART_BYTES })
    this.#queue = new SendQueue((frames) => this.#dealer.send(frames), () => {})
    this.#dealer.connect(address)
    void this.#receive(onMessage)
  }

  send(message: { kind: string }, buffers: readonly Uint8Array[] = []): void {
    this.#queue.push([encode(message), ...buffers])
  }

  close(): void {
    this.#queue.close()
    if (!this.#dealer.closed) this.#dealer.close()
  }

  async #receive(onMessage: (message: Envelope, buffers: Uint8Array[]) => void): Promise<void> {
    try {
      for await (const [head, ...buffers] of this.#dealer) {
        const message = decode(head)
        if (message !== null) onMessage(message, buffers)
      }
    } catch {
      // The socket was closed under the pending receive: that is how it ends.
    }
  }
}

function encode(message: { kind: string }): string {
  return JSON.stringify({ v: PROTOCOL_VERSION, ...message })
}

function decode(head: Uint8Array | undefined): Envelope | null {
  if (head === undefined || head[0] !== 0x7b) return null
  try {
    const message = JSON.parse(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('utf8')) as Envelope
    return typeof message.v === 'number' && typeof message.kind === 'string' ? message : null
  } catch {
    return null
  }
}
