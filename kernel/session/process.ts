/**
 * Owns the session process: the user's variables live here. Reads commands from the kernel, runs cells, sends everything up one framed pipe.
 * Refuses nothing that user code does: it may block, crash or exit, and the kernel goes on.
 */
import process from 'node:process'
import { setApiEnvironment } from '../../src/api/port.ts'
import { installModuleHooks } from '../../src/modules/hooks.ts'
import { openPipe, PIPE_FDS } from '../../src/pipe/command-reader.ts'
import { currentCellId, currentRun } from './cell-context.ts'
import { CommandHandler } from './commands.ts'
import { NotebookNames } from './definitions.ts'
import { EnginePipe } from './engine-pipe.ts'
import { currentEnvironment, notebookPath } from './environment.ts'
import { toErrorRecord, placeOfStack } from './errors.ts'
import { InputRequests } from './input.ts'
import { notebookCodec } from './notebook-codec.ts'
import { openOutlet } from './outlet.ts'
import { showProgressUnderCells } from './progress-display.ts'
import type { SessionCommand } from './protocol.ts'
import { stopRunningCell } from './run-cell.ts'
import { CellSources } from './script-positions.ts'
import { captureStreams } from './streams.ts'
import { announceExit, defineUserGlobals } from './user-globals.ts'
import { startWatcher } from './watcher-link.ts'

Error.stackTraceLimit = 30
const folder = process.cwd()
const outlet = openOutlet()
const cells = new CellSources()
const watcher = startWatcher(outlet.gate, () => {
  stopRunningCell()
  void handler.interrupted()
})
const input = new InputRequests(outlet)
captureStreams(outlet)
const display = defineUserGlobals(outlet, input, folder)
announceExit(outlet, (stack) => placeOfStack(stack, cells))

const reportLate = (error: unknown): void => outlet.send({ type: 'late-error', cellId: currentCellId(), error: toErrorRecord(error, cells) })
process.on('uncaughtException', reportLate)
process.on('unhandledRejection', reportLate)

const modules = installModuleHooks({ folder })
const names = new NotebookNames(folder)
const engine = new EnginePipe(outlet)
showProgressUnderCells(display)
setApiEnvironment({
  transport: () => engine,
  scope: names,
  codec: () => notebookCodec(names),
  environment: currentEnvironment,
  notebook: notebookPath(),
  parentRunId: () => null,
  signal: () => currentRun()?.abort.signal ?? null,
})
const handler = new CommandHandler({ outlet, modules, cells, watcher, input, display, engine, names })
openPipe<SessionCommand>(PIPE_FDS.down, {
  onMessage: (command, buffers) => handler.handle(command, buffers),
  // The watcher ends a busy process; this end is for an idle one.
  onClose: () => process.kill(process.pid, 'SIGKILL'),
})
// A cell that begins before the watcher listens could not be interrupted for seconds on a busy machine.
void watcher.listening.then(() => outlet.send({ type: 'ready', pid: process.pid }))
