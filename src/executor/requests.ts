/** Owns the answer to each engine request, whoever asks: a client over zeromq or a run over its worker's pipe. */
import { isLabflowError, LabflowError } from '../model/errors.ts'
import type { ErrorRecord } from '../model/errors.ts'
import type { RunRecord } from '../model/run.ts'
import { version } from '../version.ts'
import { inStoreWords } from '../store/open.ts'
import { checkSubmission } from '../wire/check-submission.ts'
import { PROTOCOL_VERSION } from '../wire/engine-protocol.ts'
import type { EngineMethod, EngineMethods, EngineReply, EngineRequest, ExecutorStatus, RunFilter } from '../wire/engine-protocol.ts'
import type { Engine } from './engine.ts'
import type { LiveRun, Subscriber } from './live-run.ts'
import { pssOf } from './process-tree.ts'

/** Who asks: where events and replies go, and which run it is when it is one. */
export interface Caller {
  subscriber: Subscriber
  run: LiveRun | null
  reply(reply: EngineReply, buffers: readonly Uint8Array[]): void
}

type Params<M extends EngineMethod> = EngineMethods[M]['params']
type Answer<M extends EngineMethod> = (result: EngineMethods[M]['result'], buffers?: readonly Uint8Array[]) => void
type Handlers = { [M in EngineMethod]: (params: Params<M>, answer: Answer<M>, caller: Caller, buffers: Uint8Array[]) => void | Promise<void> }

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export class Requests {
  readonly #engine: Engine
  readonly #startedMs: number
  readonly #stop: (cancelRunning: boolean) => number
  readonly #handlers: Handlers

  /** @param stop ends the executor after the reply is out; returns how many runs go on without it. */
  constructor(engine: Engine, stop: (cancelRunning: boolean) => number) {
    this.#engine = engine
    this.#startedMs = engine.clock.nowMs()
    this.#stop = stop
    this.#handlers = this.#makeHandlers()
  }

  /** Answers one request; every failure becomes a reply, never an exception. */
  handle(request: EngineRequest, caller: Caller, buffers: Uint8Array[]): void {
    this.#engine.touch()
    const { id } = request
    const { turn } = this.#engine.store
    const refuse = (error: unknown): void => caller.reply({ kind: 'reply', id, ok: false, error: toRecord(inStoreWords(error, this.#engine.store.folder)) }, [])
    const answer = (result: unknown, more: readonly Uint8Array[] = []): void => {
      turn.afterCommit((failure) => (failure === null ? caller.reply({ kind: 'reply', id, ok: true, result }, more) : refuse(failure)))
    }
    const handler = Object.hasOwn(this.#handlers, request.method) ? this.#handlers[request.method] : undefined
    if (handler === undefined || typeof request.params !== 'object' || request.params === null) {
      refuse(new LabflowError('BAD_MESSAGE', `The executor knows no request "${String(request.method)}" of that shape.`))
      return
    }
    try {
      const pending = (handler as (params: unknown, answer: Answer<EngineMethod>, caller: Caller, buffers: Uint8Array[]) => void | Promise<void>)(
        request.params, answer as Answer<EngineMethod>, caller, buffers)
      if (pending instanceof Promise) pending.catch(refuse)
    } catch (error) {
      refuse(error)
    }
  }

  #makeHandlers(): Handlers {
    const engine = this.#engine
    const { store } = engine
    return {
      hello: (params, answer) => {
        checkProtocol(params.protocol, store.folder)
        answer({ protocol: PROTOCOL_VERSION, version, pid: process.pid, storePath: store.folder })
      },
      submit: (params, answer, caller, buffers) => this.#submit(params, answer, caller, buffers),
      get: (params, answer, caller) => {
        const { record } = this.#resolve(params.run, params.notebook ?? null)
        if (params.subscribe === true) engine.book.find(record.id)?.subscribe(caller.subscriber)
        answer({ run: record })
      },
      list: (params, answer) => {
        this.#flush()
        const runs = store.runs.list(checkFilter(params.filter))
        answer({ runs: runs.map((run) => engine.book.find(run.id)?.record ?? run) })
      },
      result: (params, answer) => this.#result(params.runId, answer),
      outputs: (params, answer) => {
        this.#flush()
        answer({ outputs: store.emissions.outputs(this.#sourceOf(params.runId)), upToSeq: engine.book.find(params.runId)?.seq ?? null })
      },
      logs: (params, answer) => {
        this.#flush()
        answer(store.emissions.logs(this.#sourceOf(params.runId), params.tail))
      },
      cancel: (params, answer) => {
        const { record } = this.#resolve(params.runId, null)
        const run = engine.book.find(record.id)
        if (run !== undefined) engine.cancel(run, String(params.reason ?? ''))
        answer({ run: record })
      },
      park: (params, answer, caller) => this.#park(params, answer, caller),
      status: (_params, answer) => answer(this.#status()),
      stop: (params, answer) => answer({ leftRunning: this.#stop(params.cancelRunning === true) }),
    }
  }

  #submit(params: Params<'submit'>, answer: Answer<'submit'>, caller: Caller, buffers: Uint8Array[]): Promise<void> | void {
    const submission = checkSubmission(params.submission)
    const { runId } = params
    if (runId !== undefined) {
      if (!UUID.test(runId)) throw new LabflowError('BAD_MESSAGE', `The submission cannot be used: runId "${runId}" is no lower-case uuid.`)
      const live = this.#engine.book.find(runId)
      live?.subscribe(caller.subscriber)
      const number = live?.number ?? this.#engine.store.runs.numberById(runId)
      const known = live?.record ?? (number === null ? null : this.#engine.store.runs.byNumber(number))
      if (known !== null) return answer({ run: known })
    }
    const parent = caller.run ?? (submission.parentRunId === null ? null : (this.#engine.book.find(submission.parentRunId) ?? null))
    return this.#engine.submit(submission, buffers, runId, parent, caller.subscriber, (run) => answer({ run }))
  }

  #park(params: Params<'park'>, answer: Answer<'park'>, caller: Caller): void | Promise<void> {
    if (caller.run === null) throw new LabflowError('BAD_MESSAGE', 'Only a run can wait for another run: park comes from a worker.')
    if (params.isParked) {
      this.#engine.dispatcher.park(caller.run)
      return answer({})
    }
    return this.#engine.dispatcher.unpark(caller.run).then(() => answer({}))
  }

  #result(runId: string, answer: Answer<'result'>): void {
    const { store } = this.#engine
    const { number, record } = this.#resolve(runId, null)
    // A run that failed because of one output keeps the others.
    if (!record.hasResult && record.outputNames.length === 0) return answer({ hasResult: false }, [])
    const source = record.cachedFrom === null ? number : (store.runs.numberById(record.cachedFrom.runId) ?? number)
    const stored = store.payloads.read('results', source)
    if (stored.status === 'damaged') {
      throw new LabflowError('STORE_DAMAGED', `The result of ${record.shortId} is damaged and is not shown: ${stored.reason}. %rerun ${record.shortId} computes it again.`)
    }
    if (stored.status === 'missing') return answer({ hasResult: false }, [])
    answer({ hasResult: true }, stored.buffers)
  }

  /** Number of the run whose outputs and logs a run shows: its own, or those of the run it reused. */
  #sourceOf(runId: string): number {
    const { number, record } = this.#resolve(runId, null)
    return record.cachedFrom === null ? number : (this.#engine.store.runs.numberById(record.cachedFrom.runId) ?? number)
  }

  #resolve(reference: unknown, notebook: string | null): { number: number; record: RunRecord } {
    if (typeof reference !== 'string') throw new LabflowError('BAD_MESSAGE', `A run is named by text, not by ${JSON.stringify(reference)}.`)
    const live = this.#engine.book.find(reference)
    if (live !== undefined) return { number: live.number, record: live.record }
    const found = this.#engine.store.runs.resolve(reference, notebook)
    return { number: found.number, record: this.#engine.book.find(found.record.id)?.record ?? found.record }
  }

  #flush(): void {
    const { store } = this.#engine
    if (!store.hasWaiting) return
    store.turn.write()
    store.emissions.flush()
  }

  #status(): ExecutorStatus {
    const { dispatcher, pool, book, store } = this.#engine
    let running = 0
    for (const run of book.runs) if (run.attempt !== null) running++
    const workers = pool.workers.filter((worker) => worker.state !== 'retired').map((worker) => {
      const isParked = worker.runId !== null && book.find(worker.runId)?.isParked === true
      return { pid: worker.pid, state: isParked ? 'parked' as const : worker.state as 'idle' | 'busy' | 'starting', runId: worker.runId }
    })
    const memoryBytes = workers.reduce((sum, worker) => sum + pssOf(worker.pid), pssOf(process.pid) || process.memoryUsage.rss())
    return {
      pid: process.pid, startedMs: this.#startedMs, version, protocol: PROTOCOL_VERSION, storePath: store.folder, workers,
      slots: dispatcher.slots, queued: dispatcher.queued, running, memoryBytes,
    }
  }
}

/** Says in words when the two sides speak different versions. @throws LabflowError EXECUTOR_VERSION. */
export function checkProtocol(protocol: unknown, storeFolder: string): void {
  if (protocol === PROTOCOL_VERSION) return
  throw new LabflowError('EXECUTOR_VERSION',
    `The executor of ${storeFolder} (Labflow ${version}, process ${process.pid}) speaks protocol ${PROTOCOL_VERSION}, this client ${String(protocol)}: ` +
    'two versions of Labflow are in use. End the executor with `labflow executor stop` (its runs go on), then try again.')
}

function checkFilter(filter: unknown): RunFilter {
  if (typeof filter !== 'object' || filter === null) throw new LabflowError('BAD_MESSAGE', 'A list of runs needs a filter; {} means all.')
  const { name, tag, states, notebook, parentRunId, sinceMs, limit } = filter as Record<string, unknown>
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string'
  const isNumber = (value: unknown): boolean => value === undefined || Number.isFinite(value)
  const areStates = states === undefined || (Array.isArray(states) && states.every((state) => typeof state === 'string'))
  if (![name, tag, notebook, parentRunId].every(isText) || ![sinceMs, limit].every(isNumber) || !areStates) {
    throw new LabflowError('BAD_MESSAGE', `The filter ${JSON.stringify(filter)} has a field of a wrong type.`)
  }
  return filter as RunFilter
}

/** An error as it travels. Errors that are not ours keep their words, without our stack. */
export function toRecord(error: unknown): ErrorRecord {
  if (isLabflowError(error)) return { name: 'LabflowError', code: error.code, message: error.message, traceback: [] }
  return { name: 'LabflowError', code: 'INTERNAL', message: `The executor met an error of its own: ${error instanceof Error ? error.message : String(error)}`, traceback: [] }
}
