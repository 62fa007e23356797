/**
 * Owns the unix socket by which a worker that lost its executor comes back to the next one, so that its flow gets answers again.
 * Refuses whoever does not name a run together with the nonce of its living attempt.
 */
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { frameChannel } from '../pipe/frame-channel.ts'
import type { FrameChannel } from '../pipe/frame-channel.ts'
import type { WorkerAttach, WorkerMessage } from '../worker/protocol.ts'
import type { Attempt } from './live-run.ts'
import type { Engine } from './engine.ts'
import type { Orphans } from './adoption.ts'

export class WorkersSocket {
  readonly #engine: Engine
  readonly #orphans: Orphans
  readonly #server: Server
  readonly #path: string
  readonly #sockets = new Set<Socket>()

  constructor(engine: Engine, orphans: Orphans, path: string) {
    this.#engine = engine
    this.#orphans = orphans
    this.#path = path
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Listens; a socket file left by a dead executor is replaced (the store's lock is held). */
  listen(): Promise<void> {
    rmSync(this.#path, { force: true })
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#path, resolve)
    })
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    rmSync(this.#path, { force: true })
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    let attempt: Attempt | null = null
    const channel: FrameChannel = frameChannel<WorkerAttach | WorkerMessage>(socket, {
      onMessage: (message, buffers) => {
        if (attempt !== null) {
          if (message.type === 'engine') this.#engine.attempts.onMessage(attempt, message, buffers)
        } else {
          attempt = message.type === 'attach' ? this.#attach(message, channel) : null
          if (attempt === null) channel.close()
        }
      },
      onClose: () => this.#sockets.delete(socket),
    })
  }

  #attach(message: WorkerAttach, channel: FrameChannel): Attempt | null {
    const attempt = this.#engine.book.find(message.runId)?.attempt ?? null
    const link = this.#orphans.get(message.runId)
    if (attempt === null || link === undefined || attempt.nonce !== message.nonce) return null
    link.attach(channel)
    return attempt
  }
}
