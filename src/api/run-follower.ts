/**
 * Owns following runs over one transport: each event goes to the future it belongs to, and each run's end resolves once.
 */
import type { RunEvent, RunRecord } from '../model/run.ts'
import type { RunState } from '../model/state.ts'
import type { EngineTransport, RunEnded } from '../wire/engine-protocol.ts'

/** How a run ended, with its encoded result. */
export interface RunEnd {
  run: RunRecord
  buffers: Uint8Array[]
}

interface Followed {
  onState(state: RunState): void
  onEvent(event: RunEvent): void
  resolve(end: RunEnd): void
}

const followers = new WeakMap<EngineTransport, RunFollower>()

/** The follower of a transport; made at the first need. */
export function followerOf(transport: EngineTransport): RunFollower {
  let follower = followers.get(transport)
  if (follower === undefined) {
    follower = new RunFollower(transport)
    followers.set(transport, follower)
  }
  return follower
}

class RunFollower {
  readonly #transport: EngineTransport
  readonly #followed = new Map<string, Followed>()
  #stop: (() => void) | null = null

  constructor(transport: EngineTransport) {
    this.#transport = transport
  }

  /** Resolves at the run's end. Call it before the run is submitted, so that no event is missed. */
  follow(runId: string, onState: (state: RunState) => void, onEvent: (event: RunEvent) => void = () => {}): Promise<RunEnd> {
    this.#stop ??= this.#transport.onEvent((event, buffers) => this.#take(event, buffers))
    return new Promise((resolve) => this.#followed.set(runId, { onState, onEvent, resolve }))
  }

  /** Stops following a run that was never accepted. */
  forget(runId: string): void {
    this.#followed.delete(runId)
    this.#rest()
  }

  #take(event: RunEvent | RunEnded, buffers: Uint8Array[]): void {
    const followed = this.#followed.get(event.runId)
    if (followed === undefined) return
    if (event.type === 'state') followed.onState(event.state)
    if (event.type !== 'end') {
      followed.onEvent(event)
      return
    }
    followed.onState(event.run.state)
    this.#followed.delete(event.runId)
    followed.resolve({ run: event.run, buffers })
    this.#rest()
  }

  #rest(): void {
    if (this.#followed.size > 0) return
    this.#stop?.()
    this.#stop = null
  }
}
