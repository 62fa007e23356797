/**
 * Owns the process entry of a worker: pipes, surroundings of user code, one attempt at a time.
 * Refuses a second attempt while one runs, and never lets an error of user code end the process without its last message.
 */
import { apiEnvironmentOf } from './api-surroundings.ts'
import { PIPE_FDS, openPipe } from '../pipe/command-reader.ts'
import { FrameGate } from '../pipe/frame-gate.ts'
import { ownApiEnvironment } from '../api/port.ts'
import { createDisplay, setCurrentDisplay } from '../display/index.ts'
import { installModuleHooks } from '../modules/hooks.ts'
import { Attempt } from './attempt.ts'
import type { AttemptCommand } from './attempt.ts'
import { EnginePort } from './engine-port.ts'
import { Outlet } from './outlet.ts'
import type { WorkerCommand } from './protocol.ts'
import { WatcherLink } from './watcher-link.ts'

const realExit = process.exit.bind(process)
let current: Attempt | null = null

const hooks = installModuleHooks({ folder: process.cwd() })
const outlet = new Outlet(PIPE_FDS.up, new FrameGate(), () => {
  if (current === null) realExit(0)
  // The pipes kept the loop alive until now.
  watcher.hold()
  if (engine.isInUse) seekExecutor()
})
const watcher = new WatcherLink(PIPE_FDS.watcher, {
  onAttached: () => engine.resume(),
  onEngine: (payload, buffers) => engine.receive(payload, buffers),
  onCancel: cancel,
})
const engine = new EnginePort((payload, buffers) => {
  if (!outlet.isOrphan) outlet.send({ type: 'engine', payload }, buffers)
  if (!outlet.isOrphan) return
  seekExecutor()
  watcher.send({ type: 'engine', payload, buffers: [...buffers] })
})
const display = createDisplay({
  display: (data, metadata, displayId, isUpdate) => current?.outputs.emit({ type: 'display', data, metadata, displayId, isUpdate }),
  clear: (wait) => current?.outputs.emit({ type: 'clear', wait }),
})

openPipe<WorkerCommand>(PIPE_FDS.down, {
  onMessage: (command, buffers) => {
    outlet.confirm()
    if (command.type === 'attempt') void perform(command, buffers)
    else if (command.type === 'cancel') cancel(command.runId, command.reason)
    else if (command.type === 'engine') engine.receive(command.payload, buffers)
    else realExit(0)
  },
  onClose: () => outlet.orphan(),
})

async function perform(command: AttemptCommand, buffers: Uint8Array[]): Promise<void> {
  if (current !== null) throw new Error(`attempt ${command.runId} came while ${current.command.runId} runs`)
  const { runId, spoolPath, code } = command
  outlet.beginAttempt(spoolPath)
  hooks.setFolder(code.folder)
  hooks.refresh()
  const body = new Attempt(command, buffers, { outlet, urlOf: (path) => hooks.urlOf(path), settleDisplay: () => display.settled(), onEnd: () => engine.reset() })
  current = body
  ownApiEnvironment(apiEnvironmentOf(body, engine))
  try {
    await body.perform()
  } finally {
    current = null
    ownApiEnvironment(null)
    // An orphan has nobody to take further work from, nor to tell when its outcome could not be kept.
    if (outlet.isOrphan) realExit(0)
  }
}

function seekExecutor(): void {
  if (current === null) return
  const { runId, attempt, nonce, spoolPath } = current.command
  watcher.send({ type: 'seek', attach: { type: 'attach', runId, attempt, nonce, pid: process.pid }, spoolPath })
}

function cancel(runId: string, reason: string): void {
  if (current?.command.runId === runId) current.cancel(reason)
}

function lateError(error: unknown): void {
  if (current !== null) current.fail(error)
  // An orphan that cannot even spool has nobody to tell.
  else if (outlet.isOrphan) realExit(1)
  else process.stderr.write(`labflow worker: after its run ended: ${error instanceof Error ? error.stack : String(error)}\n`)
}

// The other end of both is the executor, which may be gone: told to the handler below, that would be written here again, for ever.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
process.on('uncaughtException', lateError)
process.on('unhandledRejection', lateError)
// An interrupt at a terminal goes to the whole group; runs end by cancel only.
process.on('SIGINT', () => {})
process.exit = ((code?: number | string | null) => {
  const exitCode = Number(code ?? process.exitCode ?? 0)
  current?.exit(exitCode)
  return realExit(exitCode)
}) as typeof process.exit

ownApiEnvironment(null)
setCurrentDisplay(display)
for (const [name, value] of Object.entries({ display: display.display, clearOutput: display.clearOutput, html: display.html, md: display.md, svg: display.svg, tex: display.tex })) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}
outlet.send({ type: 'ready', pid: process.pid })
