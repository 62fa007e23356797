/**
 * Owns where calls of tasks and flows go: the session, the worker and the plain program each say once how they reach the executor.
 * Kept on globalThis under a registered symbol, so that two copies of this module in one process agree.
 */
import type { NameScope } from '../capture/contract.ts'
import type { CodecContext } from '../values/codec.ts'
import type { RunEnvironment, RunEvent, RunRecord } from '../model/run.ts'
import type { EngineTransport } from '../wire/engine-protocol.ts'

/** The surroundings of user code, as its process knows them. */
export interface ApiEnvironment {
  /** The way to the executor; asked for at each call, so it may be made on first need. */
  transport(): EngineTransport | Promise<EngineTransport>
  /** Names that notebook code may refer to; null where all code lives in files. */
  scope: NameScope | null
  /** Notebook classes and functions by name, to encode arguments and decode results. */
  codec?: () => CodecContext
  /** Working folder, variables and Node of this process, now. */
  environment(): RunEnvironment
  /** Path of the notebook or id of the kernel; null in a plain program. */
  notebook: string | null
  /** Long id of the run this code belongs to; null outside of any. */
  parentRunId(): string | null
  /** Aborted when the cell that is running now is interrupted or its run is cancelled: awaited runs are cancelled with it. */
  signal?(): AbortSignal | null
  /** Tells the executor that this run waits for others (true) or goes on (false). */
  park?(isParked: boolean): void
  /** Called with each run that a call made, as soon as the executor knows it. */
  onSubmitted?(run: RunRecord): void
  /** Every event of the runs that calls made: output, progress, log lines. */
  onEvent?(event: RunEvent): void
  /** Answers whether a call may be made here; false: it comes from a file's top level that is only being loaded, and must not run. */
  mayCall?(): boolean
}

const slot = Symbol.for('labflow.api')
const holder = globalThis as unknown as Record<symbol, ApiEnvironment | null | undefined>

const ownedSlot = Symbol.for('labflow.api.owned')

/**
 * Sets how this process reaches the executor; null takes it away. In a worker it does nothing: a file that connects by itself at its top level
 * is only being loaded there, and would start itself again for ever.
 */
export function setApiEnvironment(environment: ApiEnvironment | null): void {
  if ((holder as Record<symbol, unknown>)[ownedSlot] !== true) place(environment)
}

/** For the worker alone: sets the surroundings, and from then on no user code can. */
export function ownApiEnvironment(environment: ApiEnvironment | null): void {
  Object.defineProperty(globalThis, ownedSlot, { value: true, configurable: true, enumerable: false })
  place(environment)
}

function place(environment: ApiEnvironment | null): void {
  Object.defineProperty(globalThis, slot, { value: environment, writable: true, configurable: true, enumerable: false })
}

/** The surroundings set by the session or worker; null in a plain program. */
export function apiEnvironment(): ApiEnvironment | null {
  return holder[slot] ?? null
}

/** Whether tasks and flows are plain functions: `LABFLOW=off`. */
export function isOff(): boolean {
  return process.env['LABFLOW']?.toLowerCase() === 'off'
}
