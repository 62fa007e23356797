/**
 * Owns the start of a session process: its pipes, its flags, its process group.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Duplex, Readable } from 'node:stream'
import { entryPath } from '../../src/entry.ts'

export interface SessionProcess {
  child: ChildProcess
  stdout: Readable
  stderr: Readable
  /** Frames of the session's main thread. */
  up: Readable
  /** Commands to its main thread. */
  down: Duplex
  /** Both ways with its watcher thread. */
  watcher: Duplex
}

/** Starts a session in `folder`. It leads a process group of its own, so that an interrupt also reaches its children. */
export function startSessionProcess(options: { folder: string; env: NodeJS.ProcessEnv; execArgv?: readonly string[] }): SessionProcess {
  const flags = [
    '--no-force-async-hooks-checks', // without it a termination inside a timer is fatal
    '--disable-warning=ExperimentalWarning', // vm's loader constant and type stripping
    ...(options.execArgv ?? []),
  ]
  const child = spawn(process.execPath, [...flags, entryPath('kernel/session/main')], {
    cwd: options.folder,
    env: options.env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  const [, stdout, stderr, up, down, watcher] = child.stdio as unknown as [null, Readable, Readable, Readable, Duplex, Duplex]
  return { child, stdout, stderr, up, down, watcher }
}
