/**
 * Owns JSON-RPC over a pair of byte streams with Content-Length headers, as language servers speak it.
 * Refuses to guess: a broken header, a message that is not JSON or an answer that is too late ends the connection.
 */
import type { Readable, Writable } from 'node:stream'

/** Answers a request of the other side; `undefined` becomes null. */
export type RequestHandler = (method: string, params: unknown) => unknown

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

interface Message {
  id?: number | string
  method?: string
  params?: unknown
  result?: unknown
  error?: { code: number; message: string }
}

const HEADER_END = Buffer.from('\r\n\r\n')
/** An answer longer than this is no answer of a type engine. */
const LARGEST_MESSAGE_BYTES = 256 * 1024 * 1024

/** One connection. Every request ends: by its answer, by its limit, or when the connection closes. */
export class RpcConnection {
  private readonly output: Writable
  private readonly onRequest: RequestHandler
  private readonly onBroken: (error: Error) => void
  private readonly pending = new Map<number, Pending>()
  private chunks: Buffer[] = []
  private bufferedBytes = 0
  private expectedBytes = 0
  private nextId = 1
  private closedBy: Error | null = null

  constructor(input: Readable, output: Writable, onRequest: RequestHandler, onBroken: (error: Error) => void) {
    this.output = output
    this.onRequest = onRequest
    this.onBroken = onBroken
    input.on('data', (chunk: Buffer) => this.take(chunk))
    output.on('error', (error) => this.fail(error))
  }

  /** Sends a request. @throws Error when the other side answers an error, is too slow, or is gone. */
  request(method: string, params: unknown, limitMs: number): Promise<unknown> {
    if (this.closedBy) return Promise.reject(this.closedBy)
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(new Error(`no answer to ${method} within ${limitMs} ms`)), limitMs)
      this.pending.set(id, { resolve, reject, timer })
      this.send({ id, method, params })
    })
  }

  /** Sends a message that has no answer. */
  notify(method: string, params: unknown): void {
    if (!this.closedBy) this.send({ method, params })
  }

  /** Rejects what waits; nothing is sent or taken afterwards. Safe twice. */
  close(reason: Error): void {
    if (this.closedBy) return
    this.closedBy = reason
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer)
      reject(reason)
    }
    this.pending.clear()
    this.chunks = []
  }

  private send(message: Message): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    this.output.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }

  private take(chunk: Buffer): void {
    if (this.closedBy) return
    this.chunks.push(chunk)
    this.bufferedBytes += chunk.length
    // A large answer comes in many chunks: joined once, when it is whole.
    if (this.bufferedBytes < this.expectedBytes) return
    let buffer = Buffer.concat(this.chunks)
    for (;;) {
      const headerEnd = buffer.indexOf(HEADER_END)
      if (headerEnd < 0) break
      const length = Number(/content-length: *(\d+)/i.exec(buffer.toString('latin1', 0, headerEnd))?.[1] ?? NaN)
      if (!(length <= LARGEST_MESSAGE_BYTES)) return this.fail(new Error('a header without a usable Content-Length'))
      const end = headerEnd + HEADER_END.length + length
      this.expectedBytes = end
      if (buffer.length < end) break
      const body = buffer.toString('utf8', headerEnd + HEADER_END.length, end)
      buffer = buffer.subarray(end)
      this.expectedBytes = 0
      this.dispatch(body)
      if (this.closedBy) return
    }
    this.chunks = buffer.length > 0 ? [buffer] : []
    this.bufferedBytes = buffer.length
  }

  private dispatch(body: string): void {
    let message: Message
    try {
      message = JSON.parse(body) as Message
    } catch {
      return this.fail(new Error('a message that is not JSON'))
    }
    if (message.method !== undefined) {
      if (message.id === undefined) return
      this.send({ id: message.id, result: this.onRequest(message.method, message.params) ?? null })
      return
    }
    const waiting = this.pending.get(message.id as number)
    if (!waiting) return
    this.pending.delete(message.id as number)
    clearTimeout(waiting.timer)
    if (message.error) waiting.reject(new Error(message.error.message))
    else waiting.resolve(message.result)
  }

  private fail(error: Error): void {
    if (this.closedBy) return
    this.close(error)
    this.onBroken(error)
  }
}
