/**
 * Owns the messages between executor and worker. Same pipes as a session: fd 3 up (blocking, framed), fd 4 down (main thread),
 * fd 5 watcher. When the executor is gone the worker appends the very same frames to its spool file.
 */
import type { ErrorRecord } from '../model/errors.ts'
import type { CodeBundle, LogLevel, Progress, RunEnvironment, RunKind, RunOptions, RunOutput } from '../model/run.ts'
import type { EngineEvent, EngineReply, EngineRequest } from '../wire/engine-protocol.ts'

export type WorkerCommand =
  /** Buffers: encoded RunInputs. */
  | { type: 'attempt'; runId: string; shortId: string; kind: RunKind; name: string; attempt: number; nonce: string; code: CodeBundle; options: RunOptions; environment: RunEnvironment; spoolPath: string; seed: number | null; parameters: Record<string, unknown> }
  /** Aborts the AbortSignal of the attempt; the executor kills the tree after the grace. */
  | { type: 'cancel'; runId: string; reason: string }
  | { type: 'engine'; payload: EngineReply | EngineEvent }
  | { type: 'exit' }

export type WorkerMessage =
  | { type: 'ready'; pid: number }
  | { type: 'started'; runId: string; attempt: number; nonce: string }
  | { type: 'output'; runId: string; output: RunOutput }
  | { type: 'progress'; runId: string; progress: Progress }
  | { type: 'log'; runId: string; level: LogLevel; message: string; timeMs: number }
  | { type: 'warning'; runId: string; message: string }
  /** Buffers: encoded RunResult. */
  | { type: 'completed'; runId: string; attempt: number; nonce: string; outputNames: string[]; cpuSeconds: number; peakMemoryBytes: number; mutatedInputs: string[]; isReusable: boolean }
  /** `exitCode` is set when the user called process.exit(): the run is CRASHED, not FAILED. Buffers: encoded RunResult with the outputs that could come back, if any. */
  | { type: 'failed'; runId: string; attempt: number; nonce: string; error: ErrorRecord; outputNames: string[]; cpuSeconds: number; peakMemoryBytes: number; exitCode: number | null; isReusable: boolean }
  | { type: 'engine'; payload: EngineRequest }

/**
 * First frame of a worker that comes back to a new executor: it connects to `workersSocket` of the executor file, which lies two folders
 * above its spool (`spoolPath` = <store>/spool/<run>.<attempt>.frames, `<store>/executor.json`). Then `engine` frames go both ways there and
 * `cancel` comes down; every other WorkerMessage goes on into the spool, which the executor reads along.
 * A worker that lost its executor right after an attempt, before any further command came, spools that attempt's last frame too:
 * it may have been lost in the pipe.
 */
export interface WorkerAttach {
  type: 'attach'
  runId: string
  attempt: number
  nonce: string
  pid: number
}
