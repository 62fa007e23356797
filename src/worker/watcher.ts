/**
 * Owns the watcher thread of a worker: sees the executor's end while user code spins, ends an orphan that runs too long, and finds the next
 * executor for a run that needs answers. Refuses zeromq: a second thread with it aborts the process.
 */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openPipe } from '../pipe/command-reader.ts'
import { frameChannel } from '../pipe/frame-channel.ts'
import type { FrameChannel } from '../pipe/frame-channel.ts'
import type { WorkerAttach, WorkerCommand } from './protocol.ts'
import type { FromWatcher, ToWatcher } from './watcher-link.ts'

const ORPHAN_LIMIT_MS = Number(process.env['LABFLOW_ORPHAN_MS'] ?? 24 * 3_600_000)
const SEEK_INTERVAL_MS = 250

const { fd } = workerData as { fd: number }
let attempt: { attach: WorkerAttach; spoolPath: string } | null = null
let link: FrameChannel | null = null
let isOrphan = false
let isSeeking = false

openPipe(fd, {
  // The executor says nothing on this pipe: its end is the message.
  onMessage: () => {},
  onClose: () => {
    isOrphan = true
    // The main thread may spin for ever in user code: only this thread can end it.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), ORPHAN_LIMIT_MS).unref()
  },
})

parentPort?.on('message', (message: ToWatcher) => {
  if (message.type === 'seek') {
    attempt = message
    seek()
  } else link?.send({ type: 'engine', payload: message.payload }, message.buffers)
})

function tell(message: FromWatcher): void {
  parentPort?.postMessage(message)
}

function seek(): void {
  if (isSeeking || link !== null || attempt === null) return
  isSeeking = true
  const path = executorSocket(attempt.spoolPath)
  if (path === null) {
    seekLater()
    return
  }
  const { attach } = attempt
  const socket = connect(path)
  socket.once('connect', () => {
    const channel = frameChannel<WorkerCommand>(socket, {
      onMessage: (command, buffers) => tell({ type: 'command', command, buffers }),
      onClose: () => {
        link = null
        isSeeking = false
        seekLater()
      },
    })
    channel.send(attach)
    link = channel
    isSeeking = false
    tell({ type: 'attached' })
  })
  socket.once('error', () => {
    if (link === null) seekLater()
  })
}

function seekLater(): void {
  if (!isOrphan && link !== null) return
  setTimeout(() => {
    isSeeking = false
    seek()
  }, SEEK_INTERVAL_MS)
}

/** Where the executor that owns the store now takes orphans; null when there is none. */
function executorSocket(spoolPath: string): string | null {
  const file = process.env['LABFLOW_EXECUTOR_FILE'] ?? join(dirname(dirname(spoolPath)), 'executor.json')
  try {
    const known = JSON.parse(readFileSync(file, 'utf8')) as { workersSocket?: unknown }
    return typeof known.workersSocket === 'string' ? known.workersSocket : null
  } catch {
    return null
  }
}
