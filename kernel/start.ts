/**
 * Owns the start and the end of the kernel process: wires the parts, loads the notebook after kernel_info went out,
 * and leaves when told, when its parent is gone, or on SIGTERM. SIGINT is ignored: interrupts come as messages.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isLabflowError } from '../src/model/errors.ts'
import { Comms } from './comms.ts'
import type { NotebookOptions, NotebookPort } from './contract.ts'
import { Dispatch } from './dispatch.ts'
import { History, historyPath } from './history.ts'
import { InputDesk } from './input-desk.ts'
import { createIo } from './io.ts'
import { kernelInfo } from './kernel-info.ts'
import { createKernelLog } from './kernel-log.ts'
import { OutputRouter } from './output-router.ts'
import { readConnection, type Connection } from './wire/connection.ts'
import { createHeaderSource } from './wire/message.ts'
import { openSockets, type KernelSockets } from './wire/sockets.ts'

/** How often the kernel looks whether its parent lives. */
const parentCheckMs = 1_000
/** How long the notebook gets to end its processes when the kernel leaves. */
const closeLimitMs = 3_000
/** Pause after the first kernel_info before the notebook is loaded, so that a client's first burst is answered quickly. */
const preloadDelayMs = 20

/** Makes a notebook; kernel/notebook.ts has the real one. */
export type NotebookMaker = (options: NotebookOptions) => NotebookPort

const usage = 'Usage: main.ts CONNECTION_FILE [--folder DIR]'

/** Runs the kernel; a bad argument or a bad connection file ends in one line on stderr and exit code 1. */
export async function startKernel(commandLine: string[], loadNotebook: () => Promise<NotebookMaker> = loadRealNotebook): Promise<void> {
  try {
    const { values, positionals } = parseArgs({ args: commandLine, allowPositionals: true, options: { folder: { type: 'string' } } })
    const [connectionFile] = positionals
    if (connectionFile === undefined || positionals.length > 1) throw new TypeError(usage)
    const folder = resolve(values.folder ?? process.cwd())
    await runKernel(connectionFile, readConnection(connectionFile), folder, loadNotebook)
  } catch (error) {
    const isOurs = isLabflowError(error) || error instanceof TypeError
    process.stderr.write(`${isOurs ? (error as Error).message : `The kernel could not start: ${(error as Error).message}`}\n`)
    process.exit(1)
  }
}

async function loadRealNotebook(): Promise<NotebookMaker> {
  return (await import('./notebook.ts')).createNotebook
}

async function runKernel(connectionFile: string, connection: Connection, folder: string, loadNotebook: () => Promise<NotebookMaker>): Promise<void> {
  const log = createKernelLog(connectionFile)
  const headerOf = createHeaderSource()
  // The sockets come last, because from then on messages arrive; until then nothing is sent.
  let sockets: KernelSockets | null = null
  const io = createIo({ send: (channel, message) => sockets?.send(channel, message) }, headerOf)
  const desk = new InputDesk(io)
  const output = new OutputRouter(io, desk)
  const comms = new Comms(io, () => dispatch.parentNow(), log.write)
  const history = new History(historyPath(), log.write)

  let loading: Promise<NotebookPort> | null = null
  const notebook = (): Promise<NotebookPort> => {
    loading ??= loadNotebook().then((make) => make({ output, comms, folder, notebookName: process.env['JPY_SESSION_NAME'] || null, log: log.write }))
    return loading
  }

  let isLeaving = false
  const leave = async (isRestart: boolean): Promise<void> => {
    if (isLeaving) return
    isLeaving = true
    // Whatever hangs below, the process ends.
    setTimeout(() => process.exit(1), closeLimitMs + 1_000).unref()
    const closing = loading?.then((port) => port.close(isRestart)).catch((error: Error) => log.write(`close: ${error.stack}`))
    const limit = new Promise<void>((done) => setTimeout(done, closeLimitMs).unref())
    await Promise.race([Promise.all([closing, history.settled()]), limit])
    output.flush()
    await sockets?.close()
    log.remove()
    process.exit(0)
  }

  const preload = once(() => setTimeout(() => void notebook().catch((error: Error) => log.write(`notebook: ${error.stack}`)), preloadDelayMs))
  const ports = connection.ports
  const dispatch: Dispatch = new Dispatch({
    io,
    output,
    desk,
    comms,
    history,
    notebook,
    isNotebookLoaded: () => loading !== null,
    kernelInfo: () => {
      preload()
      return kernelInfo()
    },
    ports: { shell_port: ports.shell, control_port: ports.control, stdin_port: ports.stdin, iopub_port: ports.iopub, hb_port: ports.heartbeat },
    stop: (isRestart) => void leave(isRestart),
    log: log.write,
  })

  watchProcess(log.write, () => void leave(false))
  sockets = await openSockets(connection, {
    onMessage: (channel, message) => dispatch.handle(channel, message),
    onSubscribe: (topic) => {
      const header = headerOf('iopub_welcome')
      sockets?.send('iopub', { identities: [Buffer.from(topic)], header, parentHeader: {}, metadata: {}, content: { subscription: topic }, buffers: [] })
    },
    log: log.write,
  })
  io.publish('status', { execution_state: 'starting' }, {})
}

/** Signals, stray errors, and the parent's life. A stray error is logged and the kernel goes on: the user's variables hang on it. */
function watchProcess(log: (line: string) => void, leave: () => void): void {
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', leave)
  process.on('uncaughtException', (error) => log(`uncaught: ${error?.stack ?? String(error)}`))
  process.on('unhandledRejection', (reason) => log(`unhandled: ${(reason as Error)?.stack ?? String(reason)}`))
  if (process.env['JPY_PARENT_PID'] === undefined) return
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && leave(), parentCheckMs).unref()
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}
