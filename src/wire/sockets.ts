/**
 * Owns the zeromq sockets between clients and executor: one send queue per socket, messages as [JSON, ...buffers].
 * Refuses to let a broken message through or to let it hurt: such frames are reported in words and dropped.
 */
import { Dealer, Router } from 'zeromq'
import { PROTOCOL_VERSION } from './engine-protocol.ts'
import { SendQueue, type Frames } from './send-queue.ts'

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

/** Messages that leave as one: a send costs some 30 µs, whatever its size. */
const MAX_BATCH = 200

interface Outgoing {
  message: { kind: string }
  buffers: readonly Uint8Array[]
}

/** Joins the messages of one moment: `{kind: 'batch', items, counts}` with all their buffers in order. */
function framesOf(items: Outgoing[]): Frames {
  const [first] = items
  if (items.length === 1 && first !== undefined) return [encode(first.message), ...first.buffers]
  const batch = { kind: 'batch', items: items.map((item) => item.message), counts: items.map((item) => item.buffers.length) }
  return [encode(batch as { kind: string }), ...items.flatMap((item) => item.buffers)]
}

/** Takes a batch apart again; false when it is not one that can be read. */
function eachMessage(message: Envelope, buffers: Uint8Array[], take: (message: Envelope, buffers: Uint8Array[]) => void): boolean {
  if (message.kind !== 'batch') {
    take(message, buffers)
    return true
  }
  const { items, counts } = message
  if (!Array.isArray(items) || !Array.isArray(counts) || items.length !== counts.length) return false
  let at = 0
  for (const [index, item] of (items as unknown[]).entries()) {
    const count = counts[index] as unknown
    if (typeof item !== 'object' || item === null || !Number.isSafeInteger(count) || (count as number) < 0) return false
    take({ ...(item as Envelope), v: message.v }, buffers.slice(at, at + (count as number)))
    at += count as number
  }
  return true
}

/** Collects what is sent in one moment, by receiver, and hands it on in the following microtask. */
class Outbox<Receiver> {
  readonly #flush: (receiver: Receiver, frames: Frames) => void
  readonly #waiting = new Map<Receiver, Outgoing[]>()

  constructor(flush: (receiver: Receiver, frames: Frames) => void) {
    this.#flush = flush
  }

  add(receiver: Receiver, message: { kind: string }, buffers: readonly Uint8Array[]): void {
    if (this.#waiting.size === 0) queueMicrotask(() => this.flush())
    const items = this.#waiting.get(receiver)
    if (items === undefined) this.#waiting.set(receiver, [{ message, buffers }])
    else items.push({ message, buffers })
  }

  flush(): void {
    for (const [receiver, items] of this.#waiting) {
      for (let at = 0; at < items.length; at += MAX_BATCH) this.#flush(receiver, framesOf(items.slice(at, at + MAX_BATCH)))
    }
    this.#waiting.clear()
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
  readonly #outbox = new Outbox<string>((peer, frames) => this.#queue.push([Buffer.from(peer, 'latin1'), ...frames]))
  readonly #handlers: ServerHandlers

  private constructor(router: Router, handlers: ServerHandlers) {
    this.#router = router
    this.#handlers = handlers
    this.#queue = new SendQueue((frames) => router.send(frames), (line) => handlers.onTrouble(line))
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
    this.#outbox.add(peer, message, buffers)
  }

  /**
   * Binds anew where the socket's file was removed; peers that are connected notice nothing. Without an unbind: that would end their
   * connections with whatever is on its way. The old listener stays, and nobody can reach it.
   */
  async rebind(address: string): Promise<void> {
    await this.#router.bind(address)
  }

  async close(): Promise<void> {
    this.#outbox.flush()
    const giveUp = new Promise<void>((resolve) => setTimeout(resolve, LINGER_MS).unref())
    await Promise.race([this.#queue.drained(), giveUp])
    this.#queue.close()
    this.#router.close()
  }

  async #receive(): Promise<void> {
    try {
      for await (const [identity, head, ...buffers] of this.#router) {
        const peer = (identity as Buffer).toString('latin1')
        const message = decode(head)
        const isRead = message !== null && eachMessage(message, buffers, (one, own) => this.#handlers.onMessage(peer, one, own))
        if (!isRead) this.#handlers.onTrouble(`dropped a message of ${head?.byteLength ?? 0} bytes that is no message of Labflow`)
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
  readonly #outbox = new Outbox<null>((_, frames) => this.#queue.push(frames))

  constructor(address: string, onMessage: (message: Envelope, buffers: Uint8Array[]) => void) {
    this.#dealer = new Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0, maxMessageSize: MAX_PART_BYTES })
    this.#queue = new SendQueue((frames) => this.#dealer.send(frames), () => {})
    this.#dealer.connect(address)
    void this.#receive(onMessage)
  }

  send(message: { kind: string }, buffers: readonly Uint8Array[] = []): void {
    this.#outbox.add(null, message, buffers)
  }

  close(): void {
    this.#outbox.flush()
    this.#queue.close()
    if (!this.#dealer.closed) this.#dealer.close()
  }

  async #receive(onMessage: (message: Envelope, buffers: Uint8Array[]) => void): Promise<void> {
    try {
      for await (const [head, ...buffers] of this.#dealer) {
        const message = decode(head)
        if (message !== null) eachMessage(message, buffers, onMessage)
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
