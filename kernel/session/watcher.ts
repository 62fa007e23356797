/**
 * Owns the session's watcher thread: it stops the main thread's JavaScript on request, answers pings while the main thread is busy,
 * and ends the process when the kernel is gone. Refuses to signal while a frame is half written.
 *
 * The recipe is the only one found that stops every kind of code and keeps the variables: this thread itself signals the process
 * group, and only when the main thread has not answered within 30 ms terminates its JavaScript through the inspector. A signal from
 * the parent, or a termination of an idle isolate, hits innocent code.
 */
import { Session } from 'node:inspector'
import process from 'node:process'
import { workerData } from 'node:worker_threads'
import { openPipe, PIPE_FDS } from '../../src/pipe/command-reader.ts'
import { FrameGate } from '../../src/pipe/frame-gate.ts'
import type { WatcherCommand, WatcherMessage } from './protocol.ts'
import type { WatcherShared } from './watcher-link.ts'

const LOOP_FLAG_LEAD_MS = 20
const FIRST_TERMINATION_MS = 30
const TERMINATION_INTERVAL_MS = 100
const MAX_TERMINATIONS = 100
const GATE_WAIT_MS = 200

const { answers, loopFlag, gate: gateWord } = workerData as WatcherShared
const gate = new FrameGate(gateWord)
let inspector: Session | null = null
let isInterrupting = false

const pipe = openPipe<WatcherCommand>(PIPE_FDS.watcher, {
  onMessage(command) {
    if (command.type === 'ping') reply({ type: 'pong', id: command.id })
    else if (!isInterrupting) interrupt()
  },
  onClose: endProcess,
})

function reply(message: WatcherMessage): void {
  pipe.send(message)
}

function endProcess(): void {
  try {
    process.kill(-process.pid, 'SIGKILL')
  } catch {
    process.kill(process.pid, 'SIGKILL')
  }
}

function interrupt(): void {
  isInterrupting = true
  const seen = Atomics.load(answers, 0)
  const isInHotLoop = Atomics.load(loopFlag, 1) > 0
  Atomics.store(loopFlag, 0, 1)
  // A hot loop writes its variables back when it sees the flag; a termination would lose them.
  if (isInHotLoop) setTimeout(() => hasAnswered(seen) || signal(seen), LOOP_FLAG_LEAD_MS)
  else signal(seen)
}

function hasAnswered(seen: number): boolean {
  if (Atomics.load(answers, 0) === seen) return false
  isInterrupting = false
  // A session left open makes process.exit() wait for "the debugger" and say so.
  inspector?.disconnect()
  inspector = null
  reply({ type: 'interrupted' })
  return true
}

function signal(seen: number): void {
  betweenFrames(() => process.kill(-process.pid, 'SIGINT'))
  const started = performance.now()
  const look = (): void => {
    if (hasAnswered(seen)) return
    if (performance.now() - started < FIRST_TERMINATION_MS) setTimeout(look, 2)
    else terminate(seen, 0)
  }
  setTimeout(look, 1)
}

function terminate(seen: number, count: number): void {
  if (hasAnswered(seen)) return
  if (count >= MAX_TERMINATIONS) {
    isInterrupting = false
    return
  }
  if (inspector === null) {
    inspector = new Session()
    inspector.connectToMainThread()
  }
  betweenFrames(() => {
    // A child that was started after the first signal has not seen it, and spawnSync waits for it.
    if (count > 0) process.kill(-process.pid, 'SIGINT')
    inspector?.post('Runtime.terminateExecution', () => {})
  })
  const started = performance.now()
  const look = (): void => {
    if (hasAnswered(seen)) return
    if (performance.now() - started < TERMINATION_INTERVAL_MS) setTimeout(look, 2)
    else terminate(seen, count + 1)
  }
  setTimeout(look, 1)
}

function betweenFrames(action: () => void): void {
  const isHeld = gate.hold(GATE_WAIT_MS)
  try {
    action()
  } finally {
    if (isHeld) gate.release()
  }
}
