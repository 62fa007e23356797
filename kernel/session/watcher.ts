/**
 * Owns the session's watcher thread: it stops the main thread's JavaScript on request,
 * and ends the process when the kernel is gone. Refuses to terminate while a frame is half written.
 *
 * An interrupt has two arms. A signal to the process group reaches children that are waited for, and the main thread's own handler as soon
 * as its loop turns: that ends awaits. Code that holds the loop is terminated through the inspector a moment later, and then the handler runs.
 * A termination that finds no code waits for the next entry into JavaScript. So an interrupt is over ("clear") only when it was answered and
 * every termination has been used up; the main thread starts no cell before that.
 *
 * vm's breakOnSigint is not used: it takes the SIGINT handlers away around each script, and a termination in that window lost them
 * (one interrupt in twenty on a busy machine, 2026-11-21).
 */
import { Session } from 'node:inspector'
import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import { openPipe, PIPE_FDS } from '../../src/pipe/command-reader.ts'
import { FrameGate } from '../../src/pipe/frame-gate.ts'
import type { WatcherCommand, WatcherMessage } from './protocol.ts'
import type { WatcherShared } from './watcher-link.ts'

/** An idle main thread answers in 1–5 ms; busy code waits this long before it is terminated. */
const TERMINATION_MS = 12
/** After a termination the handler needs a turn of the loop; on a busy machine that takes a while. */
const ANSWER_MS = 150
/** A termination of an idle main thread is used up by the next timer turn; after this it is taken for lost. */
const USED_UP_LIMIT_MS = 500
const MAX_ROUNDS = 60
const GATE_WAIT_MS = 200

const { interrupts, gate: gateWord } = workerData as WatcherShared
const gate = new FrameGate(gateWord)
let inspector: Session | null = null
let isInterrupting = false
/** Since when a termination is on its way; null = none is. */
let terminationSince: number | null = null

const pipe = openPipe<WatcherCommand>(PIPE_FDS.watcher, {
  onMessage(command) {
    if (command.type === 'interrupt') takeInterrupt()
  },
  onClose: endProcess,
})

parentPort?.postMessage('listening')

function takeInterrupt(): void {
  // While one interrupt is under way another adds nothing.
  if (isInterrupting) return
  isInterrupting = true
  startRound(Atomics.add(interrupts, 0, 1) + 1, 1)
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

/** Signals again each round: a termination may have hit the handler itself, and a child that was started meanwhile has seen no signal. */
function startRound(number: number, round: number): void {
  process.kill(-process.pid, 'SIGINT')
  waitForAnswer(number, TERMINATION_MS, () => {
    terminate(number)
    waitForAnswer(number, ANSWER_MS, () => (round < MAX_ROUNDS ? startRound(number, round + 1) : giveUp()))
  })
}

/** The gate stays held until the termination was used up: it then hits code between two frames, or a writer that waits for the gate. */
function terminate(number: number): void {
  const isHeld = gate.hold(GATE_WAIT_MS)
  if (isAnswered(number) || terminationSince !== null) {
    if (isHeld) gate.release()
    return
  }
  if (inspector === null) {
    inspector = new Session()
    inspector.connectToMainThread()
  }
  const since = performance.now()
  terminationSince = since
  inspector.post('Runtime.terminateExecution', () => {
    terminationSince = null
    if (isHeld) gate.release()
  })
  // The main thread writes no frame before it is clear, but what another cell prints late must not wait for long.
  if (isHeld) setTimeout(() => terminationSince === since && gate.release(), GATE_WAIT_MS)
}

function waitForAnswer(number: number, limitMs: number, otherwise: () => void): void {
  const started = performance.now()
  const look = (): void => {
    if (isAnswered(number)) finish(number)
    else if (performance.now() - started >= limitMs) otherwise()
    else setTimeout(look, 1)
  }
  look()
}

function isAnswered(number: number): boolean {
  return Atomics.load(interrupts, 1) >= number
}

function finish(number: number): void {
  if (terminationSince !== null && performance.now() - terminationSince < USED_UP_LIMIT_MS) {
    setTimeout(() => finish(number), 1)
    return
  }
  isInterrupting = false
  terminationSince = null
  // A session left open makes process.exit() wait for "the debugger" and say so.
  inspector?.disconnect()
  inspector = null
  Atomics.store(interrupts, 2, number)
  reply({ type: 'interrupted' })
}

/** Native code does not listen; the kernel offers a restart. */
function giveUp(): void {
  isInterrupting = false
}
