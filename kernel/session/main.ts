/**
 * Owns the session process: the user's variables live here. Reads commands from the kernel, runs cells, sends everything up one framed pipe.
 * Refuses nothing that user code does: it may block, crash or exit, and the kernel goes on.
 */
import process from 'node:process'
import { installModuleHooks } from '../../src/modules/hooks.ts'
import { openPipe, PIPE_FDS } from '../../src/pipe/command-reader.ts'
import { currentCellId } from './cell-context.ts'
import { CommandHandler } from './commands.ts'
import { toErrorRecord, placeOfStack } from './errors.ts'
import { InputRequests } from './input.ts'
import { openOutlet } from './outlet.ts'
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
const watcher = startWatcher(outlet.gate, stopRunningCell)
const input = new InputRequests(outlet)
captureStreams(outlet)
const display = defineUserGlobals(outlet, input, folder)
announceExit(outlet, (stack) => placeOfStack(stack, cells))

const reportLate = (error: unknown): void => outlet.send({ type: 'late-error', cellId: currentCellId(), error: toErrorRecord(error, cells) })
process.on('uncaughtException', reportLate)
process.on('unhandledRejection', reportLate)

const modules = installModuleHooks({ folder })
const handler = new CommandHandler({ outlet, modules, cells, watcher, input, display, folder })
openPipe<SessionCommand>(PIPE_FDS.down, {
  onMessage: (command, buffers) => handler.handle(command, buffers),
  // The watcher ends a busy process; this end is for an idle one.
  onClose: () => process.kill(process.pid, 'SIGKILL'),
})
outlet.send({ type: 'ready', pid: process.pid, nodeVersion: process.version })
