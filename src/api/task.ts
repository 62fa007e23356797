/**
 * Owns `task` and `flow`: they turn a function into one whose calls are runs of their own, in worker processes.
 */
import { makeRunnable } from './callable.ts'
import type { Runnable } from './callable.ts'
import { readDefinition } from './definition.ts'
import type { TaskOptions } from './options.ts'

/** A task over a function's own parameters and awaited result. */
export type Task<Args extends unknown[] = unknown[], Value = unknown> = Runnable<Args, Value>
export type Flow<Args extends unknown[] = unknown[], Value = unknown> = Runnable<Args, Value>

/** Makes a task: `task({ retries: 2 }, async (x) => …)`, `task('name', fn)` or `task(fn)`. @throws LabflowError BAD_OPTION. */
export function task<Args extends unknown[], Result>(body: (...args: Args) => Result, options?: TaskOptions): Task<Args, Awaited<Result>>
export function task<Args extends unknown[], Result>(options: TaskOptions | string, body: (...args: Args) => Result): Task<Args, Awaited<Result>>
export function task(first: unknown, second?: unknown): Task {
  return makeRunnable(readDefinition('task', first, second))
}

/** Makes a flow: a run that calls tasks and other flows. Written as {@link task} is. @throws LabflowError BAD_OPTION. */
export function flow<Args extends unknown[], Result>(body: (...args: Args) => Result, options?: TaskOptions): Flow<Args, Awaited<Result>>
export function flow<Args extends unknown[], Result>(options: TaskOptions | string, body: (...args: Args) => Result): Flow<Args, Awaited<Result>>
export function flow(first: unknown, second?: unknown): Flow {
  return makeRunnable(readDefinition('flow', first, second))
}
