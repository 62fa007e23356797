/**
 * Owns what `.submit` and a direct call give: a future of a run's value, awaitable, with state, `result()`, `wait()` and `cancel()`.
 * A run that nobody awaits goes on; a failure that nobody awaits is the run's own and never an unhandled rejection.
 */
import { LabflowError } from '../model/errors.ts'
import type { RunState } from '../model/state.ts'
import type { RunDefinition } from './definition.ts'
import type { ApiEnvironment } from './port.ts'
import { newRunId, submitRun } from './submit.ts'
import type { SubmittedRun } from './submit.ts'
import { whileWaiting } from './waiting.ts'

/** The value of a run that may not be there yet. */
export interface RunFuture<Value> extends PromiseLike<Value> {
  /** Long id of the run. */
  readonly runId: string
  /** r12; null until the executor knows the run. */
  readonly shortId: string | null
  readonly state: RunState
  /** The value; rejects with the run's error. */
  result(): Promise<Value>
  /** Resolves at the run's end with its last state, also when it failed. */
  wait(): Promise<RunState>
  /** Asks for the run's end; its state becomes CANCELLED. */
  cancel(reason?: string): Promise<void>
  catch<Other = never>(onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null): Promise<Value | Other>
  finally(onSettled?: (() => void) | null): Promise<Value>
}

/** Starts a call and gives its future at once. */
export function startRun<Value>(definition: RunDefinition, args: readonly unknown[], environment: ApiEnvironment): RunFuture<Value> {
  return new EngineFuture<Value>(definition, args, environment)
}

class EngineFuture<Value> implements RunFuture<Value> {
  readonly runId = newRunId()
  state: RunState = { type: 'PENDING', name: 'Pending', timeMs: Date.now(), message: 'being submitted' }
  readonly #environment: ApiEnvironment
  readonly #submitted: Promise<SubmittedRun>
  readonly #value: Promise<Value>
  #shortId: string | null = null

  constructor(definition: RunDefinition, args: readonly unknown[], environment: ApiEnvironment) {
    this.#environment = environment
    this.#submitted = submitRun(definition, args, environment, this.runId, {
      onState: (state) => {
        this.state = state
      },
      onEvent: (event) => environment.onEvent?.(event),
    })
    this.#value = this.#submitted.then(({ run, ended }) => {
      this.#shortId = run.shortId
      return ended as Promise<Value>
    })
    this.#value.catch((error: unknown) => {
      // A call that never became a run has failed here; an ended run has told its own state.
      if (this.#shortId === null) this.state = { type: 'FAILED', name: 'NotSubmitted', timeMs: Date.now(), message: error instanceof Error ? error.message : String(error) }
    })
  }

  get shortId(): string | null {
    return this.#shortId
  }

  result(): Promise<Value> {
    return whileWaiting(this.#environment, this.#value, () => this.cancel('the waiting cell or run was interrupted'))
  }

  async wait(): Promise<RunState> {
    await this.result().catch(() => {})
    return this.state
  }

  async cancel(reason = 'cancelled by its future'): Promise<void> {
    await this.#submitted
    const transport = await this.#environment.transport()
    await transport.request('cancel', { runId: this.runId, reason })
  }

  then<Result = Value, Other = never>(onFulfilled?: ((value: Value) => Result | PromiseLike<Result>) | null, onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null): Promise<Result | Other> {
    return this.result().then(onFulfilled, onRejected)
  }

  catch<Other = never>(onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null): Promise<Value | Other> {
    return this.result().catch(onRejected)
  }

  finally(onSettled?: (() => void) | null): Promise<Value> {
    return this.result().finally(onSettled)
  }
}

/** A future of something that has run already: `LABFLOW=off`. */
export function settledFuture<Value>(work: () => Value | PromiseLike<Value>): RunFuture<Value> {
  const value = new Promise<Value>((resolve) => resolve(work()))
  const future = {
    runId: newRunId(),
    shortId: null,
    state: { type: 'RUNNING', name: 'Running', timeMs: Date.now(), message: '' } as RunState,
    result: () => value,
    wait: async (): Promise<RunState> => {
      await value.catch(() => {})
      return future.state
    },
    cancel: async (): Promise<void> => {
      throw new LabflowError('BAD_OPTION', 'With LABFLOW=off tasks are plain functions: there is no run to cancel.')
    },
    then: value.then.bind(value),
    catch: value.catch.bind(value),
    finally: value.finally.bind(value),
  }
  value.then(
    () => (future.state = { type: 'COMPLETED', name: 'Completed', timeMs: Date.now(), message: '' }),
    (error: unknown) => (future.state = { type: 'FAILED', name: 'Failed', timeMs: Date.now(), message: error instanceof Error ? error.message : String(error) }),
  )
  return future as RunFuture<Value>
}
