/**
 * Owns a client's view of the engine, over any transport: requests, runs followed to their end, and going on after the executor died.
 * Refuses to lose a run: requests in flight are asked again of the next executor, and followed runs are subscribed to anew.
 */
import { randomUUID } from 'node:crypto'
import { LabflowError } from '../model/errors.ts'
import type { EncodedValue, RunEvent, RunOutput, RunRecord, Submission } from '../model/run.ts'
import { isFinal } from '../model/state.ts'
import type { EngineMethod, EngineMethods, EngineTransport, ExecutorStatus, LogLine, RunEnded, RunFilter } from '../wire/engine-protocol.ts'
import { WatchedRun } from './watched-run.ts'
import type { RunListener, RunOutcome } from './watched-run.ts'

/** A transport that can tell when its executor is gone; one without `onLost` is never replaced. */
export type ClientTransport = EngineTransport & { onLost?: (error: LabflowError) => void }

type Answer<M extends EngineMethod> = { result: EngineMethods[M]['result']; buffers: Uint8Array[] }

export interface RunHandle {
  /** The newest record. */
  readonly run: RunRecord
  /** Events of this run; returns the way to stop. */
  onEvent(listener: RunListener): () => void
  /** Resolves with the end, whatever the state; rejects only when no executor can be had any more or the client was closed. */
  readonly ended: Promise<RunOutcome>
  cancel(reason?: string): Promise<RunRecord>
}

export interface EngineClientOptions {
  /** Lets go of the connection while nothing is asked or followed, so that a program can end. Default false. */
  closesWhenIdle?: boolean
}

export class EngineClient implements EngineTransport {
  readonly #connect: () => Promise<ClientTransport>
  readonly #options: EngineClientOptions
  readonly #watched = new Map<string, WatchedRun>()
  readonly #listeners = new Set<RunListener>()
  readonly #lossListeners = new Set<(error: Error) => void>()
  #transport: ClientTransport | null = null
  #connecting: Promise<ClientTransport> | null = null
  #asked = 0
  /** How often a request was asked again of a next executor. */
  #repeats = 0
  /** Requests in flight whose answer begins the following of a run. */
  #following = 0
  /** Events of runs not known yet: they may overtake the answer by some microtasks. */
  #early: { event: RunEvent | RunEnded; buffers: Uint8Array[] }[] = []
  #isClosed = false
  #isIdleCheckDue = false

  /** @param connect gives a connection that has said hello; called again after the executor died. */
  constructor(connect: () => Promise<ClientTransport>, options: EngineClientOptions = {}) {
    this.#connect = connect
    this.#options = options
  }

  /** Connects now instead of at the first request. @throws LabflowError when no executor can be had. */
  async open(): Promise<void> {
    await this.#open()
  }

  /** Submits; `inputs` is the encoded RunInputs. @throws LabflowError when the executor refuses or cannot be had. */
  async submit(submission: Submission, inputs: EncodedValue): Promise<RunHandle> {
    const { watched } = await this.#request('submit', { submission }, [inputs.header, ...inputs.buffers])
    return this.#handle(watched as WatchedRun)
  }

  /** Follows a run that was submitted earlier or elsewhere; what it showed so far is told first. @throws LabflowError NO_SUCH_RUN. */
  async attach(run: string, notebook: string | null = null): Promise<RunHandle> {
    const { watched } = await this.#request('get', { run, notebook, subscribe: true })
    void watched?.catchUp()
    return this.#handle(watched as WatchedRun)
  }

  async get(run: string, notebook: string | null = null): Promise<RunRecord> {
    return (await this.request('get', { run, notebook })).result.run
  }

  async list(filter: RunFilter = {}): Promise<RunRecord[]> {
    return (await this.request('list', { filter })).result.runs
  }

  /** The encoded RunResult; null when the run has none. @throws LabflowError STORE_DAMAGED rather than a wrong value. */
  async result(runId: string): Promise<EncodedValue | null> {
    const { result, buffers: [header, ...buffers] } = await this.request('result', { runId })
    return result.hasResult && header !== undefined ? { header, buffers } : null
  }

  async outputs(runId: string): Promise<RunOutput[]> {
    return (await this.request('outputs', { runId })).result.outputs
  }

  async logs(runId: string, tail?: number): Promise<{ lines: LogLine[]; cutLines: number }> {
    return (await this.request('logs', { runId, tail })).result
  }

  async cancel(runId: string, reason = 'cancelled by the user'): Promise<RunRecord> {
    return (await this.request('cancel', { runId, reason })).result.run
  }

  async status(): Promise<ExecutorStatus> {
    return (await this.request('status', {})).result
  }

  /** Ends the executor; attempts at work go on unless cancelled. Answers how many were left running. */
  async stop(cancelRunning = false): Promise<number> {
    return (await this.request('stop', { cancelRunning })).result.leftRunning
  }

  async request<M extends EngineMethod>(method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[] = []): Promise<Answer<M>> {
    return (await this.#request(method, params, buffers)).answer
  }

  onEvent(listener: RunListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Hears when the executor is gone and no other can be had: the runs that were followed are followed no more. */
  onGivenUp(listener: (error: Error) => void): void {
    this.#lossListeners.add(listener)
  }

  /** Lets go of the executor, which goes on. A second call does nothing. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const closed = new LabflowError('EXECUTOR_UNREACHABLE', 'This client was closed.')
    for (const watched of this.#watched.values()) watched.fail(closed)
    this.#watched.clear()
    const transport = this.#transport ?? (await this.#connecting?.catch(() => null)) ?? null
    this.#transport = null
    await transport?.close()
  }

  async #request<M extends EngineMethod>(method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[] = []): Promise<{ answer: Answer<M>; watched: WatchedRun | null }> {
    // Asked twice, a submission with an id makes one run.
    const whole = method === 'submit' ? { runId: randomUUID(), ...params } : params
    const isFollowed = method === 'submit' || (method === 'get' && (params as EngineMethods['get']['params']).subscribe === true)
    this.#asked++
    if (isFollowed) this.#following++
    try {
      const repeats = this.#repeats
      const answer = await this.#ask(method, whole as EngineMethods[M]['params'], buffers)
      // A submission that was asked again may have made its run before: its outputs and its end may have been told to nobody.
      const isNew = method === 'submit' && repeats === this.#repeats
      return { answer, watched: isFollowed ? this.#watch((answer.result as EngineMethods['get']['result']).run, isNew) : null }
    } finally {
      this.#asked--
      if (isFollowed) this.#following--
      if (this.#following === 0) this.#passEarly(null)
      this.#letGoWhenIdle()
    }
  }

  async #ask<M extends EngineMethod>(method: M, params: EngineMethods[M]['params'], buffers: readonly Uint8Array[]): Promise<Answer<M>> {
    const transport = this.#transport ?? (await this.#open())
    try {
      return await transport.request(method, params, buffers)
    } catch (error) {
      const isLost = error instanceof LabflowError && error.code === 'EXECUTOR_UNREACHABLE'
      if (!isLost || this.#isClosed || this.#transport === transport) throw error
      if (method === 'stop') return { result: { leftRunning: 0 } as EngineMethods[M]['result'], buffers: [] }
      this.#repeats++
      return (await this.#open()).request(method, params, buffers)
    }
  }

  #open(): Promise<ClientTransport> {
    if (this.#isClosed) return Promise.reject(new LabflowError('EXECUTOR_UNREACHABLE', 'This client was closed.'))
    if (this.#transport !== null) return Promise.resolve(this.#transport)
    this.#connecting ??= this.#connect().then((transport) => {
      this.#use(transport)
      return transport
    }).finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  #use(transport: ClientTransport): void {
    this.#transport = transport
    transport.onEvent((event, buffers) => this.#take(event, buffers))
    transport.onLost = () => {
      if (this.#transport !== transport) return
      this.#transport = null
      // Once a failure: a run that is followed must go on; otherwise the next request finds or starts an executor.
      if (this.#watched.size > 0) this.#open().catch((error: Error) => this.#giveUp(error))
    }
    for (const watched of this.#watched.values()) void this.#follow(watched, transport)
  }

  /** Subscribes anew to a run at another executor; tells its end when it ended in between. */
  async #follow(watched: WatchedRun, transport: ClientTransport): Promise<void> {
    watched.restart()
    const runId = watched.run.id
    try {
      const { run } = (await transport.request('get', { run: runId, subscribe: true })).result
      watched.take({ type: 'state', runId, seq: -1, state: run.state, attempt: run.attempt }, [])
      await this.#tellMissing(watched, run)
    } catch (error) {
      if (this.#transport === transport) this.#fail(watched, error as Error)
    }
  }

  /** Passes on what was missed of a run: its outputs, and its end when it is over. */
  async #tellMissing(watched: WatchedRun, run: RunRecord): Promise<void> {
    await watched.catchUp()
    if (!isFinal(run.state.type)) return
    const value = await this.result(run.id)
    watched.take({ type: 'end', runId: run.id, seq: -1, run }, value === null ? [] : [value.header, ...value.buffers])
    this.#watched.delete(run.id)
  }

  /** A run that cannot be followed is followed no more: otherwise the executor would be started anew for it each time it ends. */
  #fail(watched: WatchedRun, error: Error): void {
    this.#watched.delete(watched.run.id)
    watched.fail(error)
  }

  #giveUp(error: Error): void {
    for (const watched of this.#watched.values()) watched.fail(error)
    this.#watched.clear()
    for (const listener of this.#lossListeners) listener(error)
  }

  #watch(run: RunRecord, isNew: boolean): WatchedRun {
    const known = this.#watched.get(run.id)
    if (known !== undefined) return known
    const watched = new WatchedRun(run, isNew ? 0 : -1, (event, buffers) => this.#pass(event, buffers), async () => (await this.#ask('outputs', { runId: run.id }, [])).result)
    this.#watched.set(run.id, watched)
    this.#passEarly(run.id)
    if (!isNew && isFinal(run.state.type)) void this.#tellMissing(watched, run).catch((error: Error) => this.#fail(watched, error))
    return watched
  }

  #take(event: RunEvent | RunEnded, buffers: Uint8Array[]): void {
    const watched = this.#watched.get(event.runId)
    if (watched === undefined && this.#following > 0) this.#early.push({ event, buffers })
    else if (watched === undefined) this.#pass(event, buffers)
    else watched.take(event, buffers)
    if (event.type === 'end' && watched !== undefined) {
      void watched.ended.finally(() => this.#letGoWhenIdle()).catch(() => {})
      this.#watched.delete(event.runId)
    }
  }

  /** Takes in the early events of one run; of all runs (null) when no answer is awaited any more. */
  #passEarly(runId: string | null): void {
    if (this.#early.length === 0) return
    const early = this.#early
    this.#early = runId === null ? [] : early.filter(({ event }) => event.runId !== runId)
    for (const { event, buffers } of early) if (runId === null || event.runId === runId) this.#take(event, buffers)
  }

  #pass(event: RunEvent | RunEnded, buffers: Uint8Array[]): void {
    for (const listener of [...this.#listeners]) listener(event, buffers)
  }

  #handle(watched: WatchedRun): RunHandle {
    return {
      get run() {
        return watched.run
      },
      ended: watched.ended,
      onEvent: (listener) => watched.listen(listener),
      cancel: (reason) => this.cancel(watched.run.id, reason),
    }
  }

  #letGoWhenIdle(): void {
    if (this.#options.closesWhenIdle !== true || this.#isIdleCheckDue || this.#asked > 0 || this.#watched.size > 0) return
    this.#isIdleCheckDue = true
    // Not at once: a program that awaits one run often submits the next in the same turn.
    setImmediate(() => {
      this.#isIdleCheckDue = false
      if (this.#asked > 0 || this.#watched.size > 0) return
      const transport = this.#transport
      this.#transport = null
      void transport?.close()
    })
  }
}
