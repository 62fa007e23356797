/**
 * Owns the clients of the executor: each hears the runs it asked for, and none can hold up another. One that does not read
 * is sent no more than a bounded backlog; what it missed shows as a gap in `seq`, and its states and ends come later.
 */
import type { Clock } from '../clock.ts'
import type { RunEvent, RunRecord } from '../model/run.ts'
import type { RunEnded } from '../wire/engine-protocol.ts'
import type { EngineServer, Envelope } from '../wire/sockets.ts'
import type { Subscriber } from './live-run.ts'

/** Events and bytes a client may have unread. Clients acknowledge every 500 events. */
const MAX_UNREAD_EVENTS = 10_000
const MAX_UNREAD_BYTES = 256 * 1024 * 1024
/** A client that said nothing for this long is gone; a living one says so every 30 s. */
const SILENCE_MS = 120_000

export class Peer implements Subscriber {
  readonly hearsAll = true
  lastHeardMs: number
  readonly #id: string
  readonly #server: EngineServer
  #sentEvents = 0
  #readEvents = 0
  #unreadBytes = 0
  #isGone = false
  /** Ended runs whose end is owed, with the newest `seq`. */
  readonly #owed = new Map<string, { seq: number; run: RunRecord; buffers: readonly Uint8Array[] }>()

  constructor(id: string, server: EngineServer, nowMs: number) {
    this.#id = id
    this.#server = server
    this.lastHeardMs = nowMs
  }

  deliver(event: RunEvent | RunEnded, buffers: readonly Uint8Array[]): void {
    if (this.#isGone) return
    if (this.#isBehind) {
      if (event.type === 'end') this.#owed.set(event.runId, { seq: event.seq, run: event.run, buffers })
      return
    }
    this.#sentEvents++
    for (const buffer of buffers) this.#unreadBytes += buffer.byteLength
    this.#server.send(this.#id, { kind: 'event', event } as { kind: string }, buffers)
  }

  /** The client has read `count` events since it came. */
  acknowledge(count: unknown): void {
    if (!Number.isSafeInteger(count)) return
    this.#readEvents = Math.max(this.#readEvents, Math.min(count as number, this.#sentEvents))
    if (this.#readEvents === this.#sentEvents) this.#unreadBytes = 0
    while (this.#owed.size > 0 && !this.#isBehind) {
      const [runId, { seq, run, buffers }] = this.#owed.entries().next().value as [string, { seq: number; run: RunRecord; buffers: readonly Uint8Array[] }]
      this.#owed.delete(runId)
      this.deliver({ type: 'end', runId, seq, run }, buffers)
    }
  }

  forget(): void {
    this.#isGone = true
    this.#owed.clear()
  }

  get #isBehind(): boolean {
    return this.#sentEvents - this.#readEvents >= MAX_UNREAD_EVENTS || this.#unreadBytes >= MAX_UNREAD_BYTES
  }
}

export class Peers {
  readonly #clock: Clock
  readonly #peers = new Map<string, Peer>()

  constructor(clock: Clock) {
    this.#clock = clock
    clock.every(SILENCE_MS / 4, () => this.#dropSilent())
  }

  /** The client a message came from; notes that it lives. */
  heard(id: string, server: EngineServer): Peer {
    const nowMs = this.#clock.monotonicMs()
    let peer = this.#peers.get(id)
    if (peer === undefined) {
      peer = new Peer(id, server, nowMs)
      this.#peers.set(id, peer)
    }
    peer.lastHeardMs = nowMs
    return peer
  }

  /** Takes in what is no request: acknowledgements and farewells. False when it is neither. */
  note(id: string, peer: Peer, message: Envelope): boolean {
    if (message.kind === 'ack') peer.acknowledge(message.events)
    else if (message.kind === 'bye') {
      peer.forget()
      this.#peers.delete(id)
    } else return false
    return true
  }

  #dropSilent(): void {
    const nowMs = this.#clock.monotonicMs()
    for (const [id, peer] of this.#peers) {
      if (nowMs - peer.lastHeardMs < SILENCE_MS) continue
      peer.forget()
      this.#peers.delete(id)
    }
  }
}
