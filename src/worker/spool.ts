/**
 * Owns the file that an orphaned worker writes its frames to, in the pipe's own format, so that the next executor reads them along.
 * Refuses to lose a final frame: each frame is on disk (fsync) before the worker goes on, at most every 200 ms for the others.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { BlockingFrameWriter } from '../pipe/blocking-writer.ts'

const SYNC_INTERVAL_MS = 200

/** An append-only file of frames; opened at the first frame, readable by its owner alone. */
export class Spool {
  readonly path: string
  #fd: number | null = null
  #writer: BlockingFrameWriter | null = null
  #syncedAt = 0

  constructor(path: string) {
    this.path = path
  }

  /** Appends one frame; `isFinal` waits for the disk. @throws Error of the file system when the frame could not be kept. */
  append(message: unknown, buffers: readonly Uint8Array[], isFinal: boolean): void {
    let failure: Error | null = null
    if (this.#fd === null || this.#writer === null) {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
      this.#fd = openSync(this.path, 'a', 0o600)
      this.#writer = new BlockingFrameWriter(this.#fd, { onGone: (error) => (failure = error) })
    }
    this.#writer.write(message, buffers)
    if (failure !== null) throw failure as Error
    const now = performance.now()
    if (!isFinal && now - this.#syncedAt < SYNC_INTERVAL_MS) return
    fsyncSync(this.#fd)
    this.#syncedAt = now
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
    this.#writer = null
  }
}
