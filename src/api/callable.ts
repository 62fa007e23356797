/**
 * Owns the callable that `task` and `flow` return: a function that runs elsewhere, with `.submit`, `.map` and `.with`.
 */
import { join } from 'node:path'
import type { RunKind } from '../model/run.ts'
import { currentRun } from './context.ts'
import type { RunDefinition } from './definition.ts'
import { settledFuture, startRun } from './future.ts'
import type { RunFuture } from './future.ts'
import { MapFutures } from './map-futures.ts'
import type { TaskOptions } from './options.ts'
import { readOptions } from './options.ts'
import type { ProgramConnection } from './program.ts'
import { apiEnvironment, isOff } from './port.ts'
import type { ApiEnvironment } from './port.ts'
import { registerBody, reportCallWhileLoading } from './registry.ts'

/** Marks tasks and flows, whichever copy of Labflow made them. */
export const taskSymbol: unique symbol = Symbol.for('labflow.task') as never

/** A task or flow: call it like the function it was made of. */
export interface Runnable<Args extends unknown[], Value> {
  (...args: Args): Promise<Value>
  /** Starts a run and returns at once. */
  submit(...args: Args): RunFuture<Value>
  /** One run for each item, which is the first argument. */
  map(items: Iterable<Args[0]>, options?: { allowFailure?: false }): MapFutures<Value>
  map(items: Iterable<Args[0]>, options: { allowFailure: boolean }): MapFutures<Value | Error>
  /** The same with other options. @throws LabflowError BAD_OPTION. */
  with(options: TaskOptions): Runnable<Args, Value>
  readonly name: string
  readonly kind: RunKind
  readonly description: string
}

/** Makes the callable of a definition, and notes it where a worker will look for it. */
export function makeRunnable<Args extends unknown[], Value>(definition: RunDefinition): Runnable<Args, Value> {
  if (definition.origin.kind === 'file') registerBody(definition.origin.path, definition.name, definition.kind, definition.body)
  const start = (args: Args): RunFuture<Value> => startCall<Value>(definition, args)
  const callable = ((...args: Args) => start(args).result()) as Runnable<Args, Value>
  const map = (items: Iterable<Args[0]>, options?: TaskOptions): MapFutures<Value> => {
    if (options !== undefined) readOptions(options, `${definition.name}.map()`)
    return MapFutures.collect([...items].map((item) => start([item] as unknown as Args)), options?.allowFailure ?? definition.allowFailure)
  }
  const change = (options: TaskOptions): Runnable<Args, Value> =>
    makeRunnable<Args, Value>({
      ...definition,
      name: options.name ?? definition.name,
      description: options.description ?? definition.description,
      allowFailure: options.allowFailure ?? definition.allowFailure,
      given: { ...definition.given, ...readOptions(options, `${definition.name}.with()`) },
    })
  const members = { submit: (...args: Args) => start(args), map, with: change, name: definition.name, kind: definition.kind, description: definition.description }
  for (const [name, value] of Object.entries(members)) Object.defineProperty(callable, name, { value, enumerable: false, configurable: true })
  Object.defineProperty(callable, taskSymbol, { value: definition })
  return callable
}

/** The definition behind a task or flow; null for anything else. */
export function definitionOf(value: unknown): RunDefinition | null {
  if (typeof value !== 'function' || !Object.hasOwn(value, taskSymbol)) return null
  return (value as unknown as { [taskSymbol]: RunDefinition })[taskSymbol]
}

function startCall<Value>(definition: RunDefinition, args: readonly unknown[]): RunFuture<Value> {
  if (isOff()) return settledFuture<Value>(() => definition.body(...(args as never[])) as Value)
  const environment = apiEnvironment()
  if (environment?.mayCall?.() === false) {
    reportCallWhileLoading()
    return settledFuture<Value>(() => new Promise<Value>(() => {}))
  }
  return startRun<Value>(definition, args, environment ?? programEnvironment(definition))
}

let program: Promise<ProgramConnection> | null = null

/** A plain program connects at its first call; only the transport needs to wait for that. */
function programEnvironment(definition: RunDefinition): ApiEnvironment {
  const path = definition.origin.kind === 'file' ? definition.origin.path : join(process.cwd(), 'program')
  const ready = (program ??= import('./program.ts').then(({ connectProgram }) => connectProgram(path)))
  return {
    transport: async () => (await ready).transport(),
    scope: null,
    environment: () => ({ cwd: process.cwd(), env: { ...process.env } as Record<string, string>, nodePath: process.execPath }),
    notebook: null,
    parentRunId: () => currentRun()?.runId ?? null,
    onEvent: (event) => void ready.then((connection) => connection.onEvent(event)),
  }
}
