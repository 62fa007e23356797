/**
 * Owns writing frames from a thread that runs user code: blocking, so that output leaves even from a loop that never yields.
 * Refuses to throw into user code: a pipe whose other end is gone is reported once, and later frames are refused with `false`.
 */
import { writeSync } from 'node:fs'
import { encodeFrame } from './frame.ts'
import { FrameGate } from './frame-gate.ts'

/** Frames up to this size leave in one system call. */
const JOIN_LIMIT_BYTES = 256 * 1024
/** One system call's share of a large buffer. */
const SLICE_BYTES = 4 * 1024 * 1024
const WAIT_MIN_MS = 1
const WAIT_MAX_MS = 20

export interface BlockingWriterOptions {
  /** Shared with the watcher thread, which signals only between frames. */
  gate?: FrameGate
  /** The other end is gone (EPIPE, ECONNRESET, a closed fd); called once. */
  onGone?: (error: Error) => void
  /** How long a full non-blocking pipe may stay full before the other end counts as gone. Default: no limit. */
  stallLimitMs?: number
}

/** Writes frames to a file descriptor, each of them whole before `write` returns. */
export class BlockingFrameWriter {
  readonly fd: number
  readonly gate: FrameGate
  readonly #onGone: (error: Error) => void
  readonly #stallLimitMs: number
  readonly #pause = new Int32Array(new SharedArrayBuffer(4))
  #isGone = false

  constructor(fd: number, options: BlockingWriterOptions = {}) {
    this.fd = fd
    this.gate = options.gate ?? new FrameGate()
    this.#onGone = options.onGone ?? (() => {})
    this.#stallLimitMs = options.stallLimitMs ?? Number.POSITIVE_INFINITY
  }

  /** Whether the other end is known to be gone. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Writes one frame; false when the other end is gone, and then the frame was not delivered. @throws LabflowError BAD_MESSAGE for a frame over its limits. */
  write(message: unknown, buffers: readonly Uint8Array[] = []): boolean {
    if (this.#isGone) return false
    const pieces = encodeFrame(message, buffers)
    this.gate.enter()
    try {
      this.#writePieces(pieces)
      return true
    } catch (error) {
      this.#isGone = true
      this.#onGone(error as Error)
      return false
    } finally {
      this.gate.leave()
    }
  }

  #writePieces(pieces: Uint8Array[]): void {
    let sizeBytes = 0
    for (const piece of pieces) sizeBytes += piece.byteLength
    if (sizeBytes <= JOIN_LIMIT_BYTES) {
      this.#writeAll(Buffer.concat(pieces, sizeBytes))
      return
    }
    this.#writeAll(Buffer.concat(pieces.slice(0, 2)))
    for (const piece of pieces.slice(2)) this.#writeAll(piece)
  }

  #writeAll(bytes: Uint8Array): void {
    let at = 0
    let waitedMs = 0
    let waitMs = WAIT_MIN_MS
    while (at < bytes.byteLength) {
      try {
        at += writeSync(this.fd, bytes, at, Math.min(SLICE_BYTES, bytes.byteLength - at))
        waitedMs = 0
        waitMs = WAIT_MIN_MS
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code
        if (code === 'EINTR') continue
        if (code !== 'EAGAIN' || waitedMs >= this.#stallLimitMs) throw error
        Atomics.wait(this.#pause, 0, 0, waitMs)
        waitedMs += waitMs
        waitMs = Math.min(waitMs * 2, WAIT_MAX_MS)
      }
    }
  }
}
