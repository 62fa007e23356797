/**
 * Owns the file that an orphaned worker writes its frames to, in the pipe's own format, so that the next executor reads them along.
 * Refuses to lose a final frame: each frame is on disk (fsync) before the worker goes on, at most every 200 ms for the others.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { BlockingFrameWriter } from '../pipe/blocking-writer.ts'
import { makeFolder } from '../wire/private-folder.ts'

const SYNC_INTERVAL_MS = 200

/** An append-only file of frames; opened at the first frame, readable by its owner alone. */
export class Spool {
  readonly path: string
  #fd: number | null = null
  #writer: BlockingFrameWriter | null = null
  #syncedAt = 0
  #failure: Error | null = null

  constructor(path: string) {
    this.path = path
  }

  /** Appends one frame; `isFinal` waits for the disk. @throws Error of the file system when the frame could not be kept. */
  append(message: unknown, buffers: readonly Uint8Array[], isFinal: boolean): void {
    if (this.#fd === null || this.#writer === null) {
      makeFolder(dirname(this.path))
      this.#fd = openSync(this.path, 'a', 0o600)
      this.#writer = new BlockingFrameWriter(this.#fd, { onGone: (error) => (this.#failure = error) })
    }
    const goodBytes = isFinal ? fstatSync(this.#fd).size : 0
    if (!this.#writer.write(message, buffers)) {
      const failure = this.#failure
      // A final frame is written again from its first byte; of others the reader passes over what there is.
      if (isFinal && fstatSync(this.#fd).size > goodBytes) ftruncateSync(this.#fd, goodBytes)
      this.close()
      throw failure ?? new Error(`${this.path} cannot be written`)
    }
    const now = performance.now()
    if (!isFinal && now - this.#syncedAt < SYNC_INTERVAL_MS) return
    fsyncSync(this.#fd)
    this.#syncedAt = now
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
    this.#writer = null
    this.#failure = null
  }
}
