/**
 * Owns the session's way to the executor: each engine request of user code goes over the kernel's connection, its answer and events go back.
 */
import { randomUUID } from 'node:crypto'
import type { RunEvent } from '../../src/model/run.ts'
import type { EngineEvent, EngineMethods, EngineReply, EngineRequest, RunEnded } from '../../src/wire/engine-protocol.ts'
import { toErrorRecord } from '../cell/cell-error.ts'
import type { EngineLink } from './engine-link.ts'
import type { RunRegistry } from './run-registry.ts'

/** Writes an answer or event to the session. */
export type SendToSession = (payload: EngineReply | EngineEvent, buffers: readonly Uint8Array[]) => void

/** Relays for one session process; a fresh session gets a fresh relay. */
export class SessionRelay {
  readonly #link: EngineLink
  readonly #runs: RunRegistry
  readonly #send: SendToSession
  /** Runs whose events the session hears; the queue holds events until the answer that names the run is out. */
  readonly #followed = new Map<string, { event: RunEvent | RunEnded; buffers: Uint8Array[] }[] | null>()

  constructor(link: EngineLink, runs: RunRegistry, send: SendToSession) {
    this.#link = link
    this.#runs = runs
    this.#send = send
    link.onEvent((event, buffers) => this.#forward(event, buffers))
    link.onGivenUp((error) => this.#giveUp(error))
  }

  /** Takes a request made by code of the given cell; never rejects. */
  async take(cellId: string | null, request: EngineRequest, buffers: readonly Uint8Array[]): Promise<void> {
    let followed: string | null = null
    try {
      if (request.method === 'submit') {
        const params = request.params as EngineMethods['submit']['params']
        followed = params.runId ?? randomUUID()
        this.#followed.set(followed, [])
        const place = { cellId: cellId ?? '', groupId: cellId ?? 'late' }
        const tracked = await this.#runs.submit(params.submission, buffers, place, followed)
        this.#reply(request.id, { run: tracked.record }, [])
      } else {
        const answer = await this.#link.request(request.method, request.params as never, buffers)
        if (request.method === 'get' && (request.params as EngineMethods['get']['params']).subscribe) {
          followed = (answer.result as EngineMethods['get']['result']).run.id
        }
        this.#reply(request.id, answer.result, answer.buffers)
      }
    } catch (error) {
      if (followed !== null) this.#followed.delete(followed)
      this.#send({ kind: 'reply', id: request.id, ok: false, error: toErrorRecord(error) }, [])
      return
    }
    if (followed !== null) this.#release(followed)
  }

  /** A fresh session follows nothing yet. */
  forgetRuns(): void {
    this.#followed.clear()
  }

  /** No executor can be had: whoever awaits a run in the session is told so. */
  #giveUp(error: Error): void {
    for (const runId of [...this.#followed.keys()]) {
      const record = this.#runs.tracked(runId)?.record
      if (record === undefined) continue
      const lost = { ...record, state: { ...record.state, type: 'CRASHED' as const, message: error.message }, error: toErrorRecord(error) }
      this.#forward({ type: 'end', runId, seq: -1, run: lost }, [])
    }
  }

  #reply(id: number, result: unknown, buffers: readonly Uint8Array[]): void {
    this.#send({ kind: 'reply', id, ok: true, result }, buffers)
  }

  #release(runId: string): void {
    const held = this.#followed.get(runId) ?? []
    this.#followed.set(runId, null)
    for (const { event, buffers } of held) this.#forward(event, buffers)
  }

  #forward(event: RunEvent | RunEnded, buffers: Uint8Array[]): void {
    const held = this.#followed.get(event.runId)
    if (held === undefined) return
    if (held !== null) {
      held.push({ event, buffers })
      return
    }
    // What a run shows goes to the notebook, not through the session.
    if (event.type === 'output') return
    this.#send({ kind: 'event', event }, buffers)
    if (event.type === 'end') this.#followed.delete(event.runId)
  }
}
