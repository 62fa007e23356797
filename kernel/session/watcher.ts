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

const FIRST_TERMINATION_MS = 30
/** Synchronous code is broken by the signal itself; a termination on top would kill Node's own clean-up after it, and with it the handler. */
const SYNC_TERMINATION_MS = 400
const TERMINATION_INTERVAL_MS = 70
const MAX_ROUNDS = 100
const GATE_WAIT_MS = 200

const { interrupts, phase, gate: gateWord } = workerData as WatcherShared
const gate = new FrameGate(gateWord)
let inspector: Session | null = null
let isInterrupting = false

const pipe = openPipe<WatcherCommand>(PIPE_FDS.watcher, {
  onMessage(command) {
    if (command.type === 'ping') reply({ type: 'pong', id: command.id })
    else takeInterrupt()
  },
  onClose: endProcess,
})

/** While one interrupt is under way another adds nothing; one that was answered a moment ago is over. */
function takeInterrupt(): void {
  if (isInterrupting && isAnswered(Atomics.load(interrupts, 0))) finish()
  if (!isInterrupting) interrupt()
}

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
  const number = Atomics.add(interrupts, 0, 1) + 1
  signal(number, 1)
}

/**
 * Signals again each round: a termination may have killed the handler of the first signal, and a child that was started after it has not
 * seen it. Never signal and termination at once: the one that comes second would hit the next cell.
 */
function signal(number: number, round: number): void {
  unlessAnswered(number, () => process.kill(-process.pid, 'SIGINT'))
  waitForAnswer(number, () => (Atomics.load(phase, 0) === 1 ? SYNC_TERMINATION_MS : FIRST_TERMINATION_MS), () => terminate(number, round))
}

function terminate(number: number, round: number): void {
  if (inspector === null) {
    inspector = new Session()
    inspector.connectToMainThread()
  }
  const session = inspector
  unlessAnswered(number, () => session.post('Runtime.terminateExecution', () => {}))
  waitForAnswer(number, () => TERMINATION_INTERVAL_MS, () => (round < MAX_ROUNDS ? signal(number, round + 1) : giveUp()))
}

/** The limit is asked for anew at each look: synchronous code may end while it is waited for. */
function waitForAnswer(number: number, limitMs: () => number, otherwise: () => void): void {
  const started = performance.now()
  const look = (): void => {
    if (isAnswered(number)) {
      if (isInterrupting && Atomics.load(interrupts, 0) === number) finish()
    } else if (performance.now() - started >= limitMs()) otherwise()
    else setTimeout(look, 1)
  }
  look()
}

function isAnswered(number: number): boolean {
  return Atomics.load(interrupts, 1) >= number
}

function finish(): void {
  isInterrupting = false
  // A session left open makes process.exit() wait for "the debugger" and say so.
  inspector?.disconnect()
  inspector = null
  reply({ type: 'interrupted' })
}

/** Native code does not listen; the kernel offers a restart. */
function giveUp(): void {
  isInterrupting = false
}

/** Between two frames: while the gate is held the main thread cannot tell the end of its cell, so no next cell can be hit. */
function unlessAnswered(number: number, action: () => void): void {
  const isHeld = gate.hold(GATE_WAIT_MS)
  try {
    if (!isAnswered(number)) action()
  } finally {
    if (isHeld) gate.release()
  }
}
