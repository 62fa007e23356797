/**
 * Owns what `.map` gives: the futures of all items, one by one or awaited as the array of values. One failing item does not stop the rest.
 */
import { LabflowError } from '../model/errors.ts'
import type { RunFuture } from './future.ts'

/** Futures of a map, in the order of its items. */
export class MapFutures<Value> extends Array<RunFuture<Value>> implements PromiseLike<Value[]> {
  #allowsFailure = false

  /** `.filter` and the like give plain arrays: a part of a map is awaited with Promise.all. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array
  }

  /** Makes the list; `allowsFailure`: failed items come as their Error. */
  static collect<Value>(futures: readonly RunFuture<Value>[], allowsFailure: boolean): MapFutures<Value> {
    const list = new MapFutures<Value>()
    list.push(...futures)
    list.#allowsFailure = allowsFailure
    return list
  }

  /** The values in order; rejects with an AggregateError when all have ended and one failed. */
  async result(): Promise<Value[]> {
    const settled = await Promise.allSettled([...this].map((future) => future.result()))
    const failures = settled.flatMap((item, index) => (item.status === 'rejected' ? [{ index, reason: item.reason as unknown }] : []))
    if (failures.length === 0 || this.#allowsFailure) {
      return settled.map((item) => (item.status === 'fulfilled' ? item.value : (item.reason as Value)))
    }
    const [first] = failures
    const text = first?.reason instanceof Error ? first.reason.message : String(first?.reason)
    throw new AggregateError(failures.map(({ reason }) => reason), `${failures.length} of ${settled.length} items failed; the first, item ${first?.index}: ${text}`)
  }

  /** Ends all runs of the map. */
  async cancel(reason?: string): Promise<void> {
    await Promise.allSettled([...this].map((future) => future.cancel(reason)))
  }

  then<Result = Value[], Other = never>(onFulfilled?: ((value: Value[]) => Result | PromiseLike<Result>) | null, onRejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null): Promise<Result | Other> {
    return this.result().then(onFulfilled, onRejected)
  }
}

/** A run that has ended. Not awaitable itself: `for await` would unwrap a future and throw at the first failure. */
export type EndedRun<Value> = Pick<RunFuture<Value>, 'runId' | 'shortId' | 'state' | 'result' | 'wait'>

/** The runs in the order in which they end: `for await (const run of asCompleted(futures)) await run.result()`. @throws LabflowError BAD_OPTION for anything but futures. */
export async function* asCompleted<Value>(futures: Iterable<RunFuture<Value>>): AsyncGenerator<EndedRun<Value>, void, void> {
  const open = new Map<RunFuture<Value>, Promise<{ future: RunFuture<Value> }>>()
  for (const future of futures) {
    if (typeof future?.wait !== 'function') throw new LabflowError('BAD_OPTION', 'asCompleted() takes futures, as task.submit() and task.map() give them.')
    open.set(future, future.wait().then(() => ({ future })))
  }
  while (open.size > 0) {
    const { future } = await Promise.race(open.values())
    open.delete(future)
    const { runId, shortId, state } = future
    yield { runId, shortId, state, result: () => future.result(), wait: () => future.wait() }
  }
}
