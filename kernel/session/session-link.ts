/**
 * Owns one living session process as the kernel holds it: frames both ways, raw output, readiness, its end. One link, one process.
 */
import { StringDecoder } from 'node:string_decoder'
import type { Readable } from 'node:stream'
import { FrameReader } from '../../src/pipe/frame.ts'
import { frameChannel, type FrameChannel } from '../../src/pipe/frame-channel.ts'
import { startSessionProcess, type SessionProcess } from './child.ts'
import type { SessionExit } from './exit-reason.ts'
import type { SessionCommand, SessionMessage, WatcherMessage } from './protocol.ts'

const STDERR_TAIL_CHARS = 4_000
/** After the process ended its pipes are read to their end, but no longer than this. */
const DRAIN_LIMIT_MS = 500

export interface SessionLinkHandlers {
  onMessage(message: SessionMessage, buffers: Uint8Array[]): void
  /** Text that native code or a child wrote to the inherited descriptors. */
  onRawText(name: 'stdout' | 'stderr', text: string): void
  onWatcherMessage(message: WatcherMessage): void
  /** Once, after everything that the process sent was handled. */
  onEnd(exit: SessionExit): void
}

export class SessionLink {
  readonly #process: SessionProcess
  readonly #handlers: SessionLinkHandlers
  readonly #down: FrameChannel
  readonly #watcher: FrameChannel
  #announced: SessionExit['announced'] = null
  #stderrTail = ''
  #hasEnded = false

  constructor(options: { folder: string; env: NodeJS.ProcessEnv; execArgv?: readonly string[] }, handlers: SessionLinkHandlers) {
    this.#handlers = handlers
    this.#process = startSessionProcess(options)
    const { child, stdout, stderr, up, down, watcher } = this.#process
    const reader = new FrameReader<SessionMessage>(({ message, buffers }) => {
      if (message.type === 'exit') this.#announced = { code: message.code, where: message.where }
      handlers.onMessage(message, buffers)
    })
    up.on('data', (bytes: Buffer) => reader.push(bytes))
    up.on('error', () => {}) // ECONNRESET at the session's death; its end is told by the exit event
    this.#readRaw('stdout', stdout)
    this.#readRaw('stderr', stderr)
    this.#down = frameChannel(down, { onMessage: () => {} })
    this.#watcher = frameChannel<WatcherMessage>(watcher, { onMessage: (message) => handlers.onWatcherMessage(message) })
    child.once('error', (error) => this.#end({ code: null, signal: null, stderrTail: `${this.#stderrTail}\n${error.message}`, announced: null }))
    child.once('exit', (code, signal) => {
      this.kill() // its children go with it, and with them their ends of the pipes
      const end = (): void => this.#end({ code, signal, stderrTail: this.#stderrTail, announced: this.#announced })
      child.once('close', end)
      setTimeout(end, DRAIN_LIMIT_MS).unref()
    })
  }

  get pid(): number | undefined {
    return this.#process.child.pid
  }

  send(command: SessionCommand, buffers: readonly Uint8Array[] = []): void {
    this.#down.send(command, buffers)
  }

  interrupt(): void {
    this.#watcher.send({ type: 'interrupt' })
  }

  /** Ends the process and everything in its group. */
  kill(): void {
    const { pid } = this.#process.child
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Nobody left in the group.
    }
  }

  #readRaw(name: 'stdout' | 'stderr', stream: Readable): void {
    const decoder = new StringDecoder('utf8')
    stream.on('data', (bytes: Buffer) => {
      const text = decoder.write(bytes)
      if (name === 'stderr') this.#stderrTail = (this.#stderrTail + text).slice(-STDERR_TAIL_CHARS)
      if (text !== '') this.#handlers.onRawText(name, text)
    })
    stream.on('error', () => {})
  }

  #end(exit: SessionExit): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#down.close()
    this.#watcher.close()
    this.#handlers.onEnd(exit)
  }
}
