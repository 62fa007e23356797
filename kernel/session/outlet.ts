/**
 * Owns the session's way up to the kernel: framed, blocking, from the main thread only.
 */
import process from 'node:process'
import { BlockingFrameWriter } from '../../src/pipe/blocking-writer.ts'
import { PIPE_FDS } from '../../src/pipe/command-reader.ts'
import type { SessionMessage } from './protocol.ts'

export interface Outlet {
  send(message: SessionMessage, buffers?: readonly Uint8Array[]): void
  /** Shared with the watcher thread, which signals only between frames. */
  readonly gate: Int32Array<SharedArrayBuffer>
}

/** Opens fd 3; the process ends when the kernel no longer reads it. */
export function openOutlet(): Outlet {
  const writer = new BlockingFrameWriter(PIPE_FDS.up, { onGone: () => process.kill(process.pid, 'SIGKILL') })
  return {
    send: (message, buffers) => void writer.write(message, buffers),
    gate: writer.gate.shared,
  }
}
