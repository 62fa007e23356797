/**
 * Owns starting worker processes, the only place that does: a session of its own, so that it can be ended as a whole tree,
 * and the three pipes of the worker protocol.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'

export interface WorkerChild {
  process: ChildProcess
  /** Frames from the worker's main thread. */
  up: Socket
  /** Commands to the worker's main thread. */
  down: Socket
  /** The worker's watcher thread. */
  watcher: Socket
}

/** Starts `entry` with the given Node. A start that fails (no such file) is told by the process's 'error' event. */
export function spawnWorker(nodePath: string, entry: string, cwd: string): WorkerChild {
  const child = spawn(nodePath, ['--no-force-async-hooks-checks', entry], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  const pipe = (fd: number): Socket => {
    const socket = child.stdio[fd] as unknown as Socket
    // A dying worker breaks its pipes; its exit is what counts.
    socket.on('error', () => {})
    return socket
  }
  return { process: child, up: pipe(3), down: pipe(4), watcher: pipe(5) }
}
