/**
 * Owns the requests that the executor answers and the events it sends, whatever carries them:
 * ZeroMQ from a kernel, the CLI or a program; a pipe from a worker; kernel-and-pipe from a session.
 * Refuses values: an encoded value always travels beside the message as buffers `[header, ...buffers]`.
 */
import type { ErrorRecord } from '../model/errors.ts'
import type { LogLevel, RunEvent, RunOutput, RunRecord, Submission } from '../model/run.ts'
import type { StateType } from '../model/state.ts'

/** Raised whenever a message changes shape; a client that differs is told so in words. */
export const PROTOCOL_VERSION = 1

export interface RunFilter {
  name?: string
  tag?: string
  states?: StateType[]
  notebook?: string
  parentRunId?: string
  sinceMs?: number
  /** Newest first; default 20, at most 10,000. */
  limit?: number
}

export interface LogLine {
  timeMs: number
  level: LogLevel | 'stdout' | 'stderr'
  message: string
}

export interface ExecutorStatus {
  pid: number
  startedMs: number
  version: string
  protocol: number
  storePath: string
  workers: { pid: number; state: 'idle' | 'busy' | 'parked' | 'starting'; runId: string | null }[]
  slots: { total: number; used: number }
  queued: number
  running: number
  memoryBytes: number
}

/**
 * Method → params and result. Buffers in and out are noted beside each.
 * A `run` reference is a long id, its prefix, a short id (r12) or a name (the newest run so named, in `notebook` first).
 */
export interface EngineMethods {
  hello: { params: { protocol: number; client: 'kernel' | 'cli' | 'program' | 'worker'; pid: number }; result: { protocol: number; version: string; pid: number; storePath: string } }
  /** Buffers in: the encoded RunInputs. The caller is subscribed to the run and its descendants before the reply goes out.
   * `runId` is a uuid made by the caller: asked twice with the same one (after an executor died) the run is made once. */
  submit: { params: { submission: Submission; runId?: string }; result: { run: RunRecord } }
  /** Current record; subscribes the caller to what follows when `subscribe` is set. */
  get: { params: { run: string; notebook?: string | null; subscribe?: boolean }; result: { run: RunRecord } }
  list: { params: { filter: RunFilter }; result: { runs: RunRecord[] } }
  /** Buffers out: the encoded RunResult, empty when there is none. */
  result: { params: { runId: string }; result: { hasResult: boolean } }
  /** Everything the run showed, in order, streams joined; `upToSeq` is the last event it covers, null when the run has ended. */
  outputs: { params: { runId: string }; result: { outputs: RunOutput[]; upToSeq?: number | null } }
  logs: { params: { runId: string; tail?: number }; result: { lines: LogLine[]; cutLines: number } }
  cancel: { params: { runId: string; reason: string }; result: { run: RunRecord } }
  /** Tells the executor that the calling run waits for another (true) or goes on (false): a waiting run gives its slot back. Workers only. */
  park: { params: { isParked: boolean }; result: Record<string, never> }
  status: { params: Record<string, never>; result: ExecutorStatus }
  stop: { params: { cancelRunning: boolean }; result: { leftRunning: number } }
}
export type EngineMethod = keyof EngineMethods

/** Sent once per run to each subscriber, after the last other event. Buffers: the encoded RunResult when the run COMPLETED, else none. */
export interface RunEnded {
  type: 'end'
  runId: string
  seq: number
  run: RunRecord
}

export type EngineRequest = { kind: 'request'; id: number; method: EngineMethod; params: unknown }
export type EngineReply =
  | { kind: 'reply'; id: number; ok: true; result: unknown }
  | { kind: 'reply'; id: number; ok: false; error: ErrorRecord }
export type EngineEvent = { kind: 'event'; event: RunEvent | RunEnded }

/** Carries requests to an executor and events back. Implementations: ZeroMQ (src/client), pipe (src/worker, kernel/session). */
export interface EngineTransport {
  /** @throws LabflowError with the executor's code, or EXECUTOR_UNREACHABLE. */
  request<M extends EngineMethod>(method: M, params: EngineMethods[M]['params'], buffers?: readonly Uint8Array[]): Promise<{ result: EngineMethods[M]['result']; buffers: Uint8Array[] }>
  /** Called for every event of every subscribed run; returns the way to stop. */
  onEvent(listener: (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void): () => void
  close(): Promise<void>
}
