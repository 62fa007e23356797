/**
 * Owns the inherited pipes of a child process: opens a frame channel over a file descriptor that its parent made.
 * Refuses to keep a process alive by itself once it was told to `unref`.
 */
import { Socket } from 'node:net'
import { frameChannel } from './frame-channel.ts'
import type { FrameChannel, FrameChannelHandlers } from './frame-channel.ts'

/** File descriptors of a session or worker, as its parent lays them out. */
export const PIPE_FDS = { up: 3, down: 4, watcher: 5 } as const

/** Reads (and may write) frames on an inherited pipe. @throws Error when the descriptor is not an open pipe. */
export function openPipe<Message>(fd: number, handlers: FrameChannelHandlers<Message>): FrameChannel {
  return frameChannel<Message>(new Socket({ fd, readable: true, writable: true }), handlers)
}
