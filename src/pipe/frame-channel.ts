/**
 * Owns reading and writing frames on a stream from a thread whose event loop is free: commands to a child, a watcher's pipe, a unix socket.
 * Refuses to lose an end: `onClose` comes exactly once, after the last frame, whether the stream ended, broke or was closed.
 */
import { Socket } from 'node:net'
import type { Duplex, Writable } from 'node:stream'
import { encodeFrame, FrameReader } from './frame.ts'

export interface FrameChannelHandlers<Message> {
  onMessage(message: Message, buffers: Uint8Array[]): void
  onClose?(error: Error | null): void
  onDamage?(lostBytes: number): void
}

/** A stream of frames in both directions. */
export interface FrameChannel {
  /** Queues one frame; false when the stream's buffer is full (it is still sent) or the channel is closed. */
  send(message: unknown, buffers?: readonly Uint8Array[]): boolean
  /** Bytes queued in this process and not yet taken by the system. */
  readonly queuedBytes: number
  readonly isClosed: boolean
  ref(): void
  unref(): void
  /** Ends the stream; what was queued still leaves. */
  close(): void
}

/** Writes one frame to a stream as one chunk burst; false when its buffer is full. */
export function sendFrame(stream: Writable, message: unknown, buffers: readonly Uint8Array[] = []): boolean {
  if (!stream.writable) return false
  const pieces = encodeFrame(message, buffers)
  if (buffers.length === 0) return stream.write(Buffer.concat(pieces))
  stream.cork()
  let hasRoom = true
  for (const piece of pieces) if (piece.byteLength > 0) hasRoom = stream.write(piece)
  stream.uncork()
  return hasRoom
}

/** Speaks frames over a duplex stream that is already open. */
export function frameChannel<Message>(stream: Duplex, handlers: FrameChannelHandlers<Message>): FrameChannel {
  let failure: Error | null = null
  let isClosed = false
  const reader = new FrameReader<Message>(({ message, buffers }) => handlers.onMessage(message, buffers), handlers.onDamage)
  stream.on('data', (chunk: Buffer) => reader.push(chunk))
  // Without this listener ECONNRESET at the other end's death would end the thread.
  stream.on('error', (error) => {
    failure = error
  })
  stream.on('end', () => stream.end())
  stream.on('close', () => {
    if (isClosed) return
    isClosed = true
    handlers.onClose?.(failure)
  })
  const socket = stream as Partial<Pick<Socket, 'ref' | 'unref'>>
  return {
    send: (message, buffers = []) => !isClosed && sendFrame(stream, message, buffers),
    get queuedBytes() {
      return stream.writableLength
    },
    get isClosed() {
      return isClosed
    },
    ref: () => void socket.ref?.(),
    unref: () => void socket.unref?.(),
    close: () => {
      stream.end(() => stream.destroy())
    },
  }
}
