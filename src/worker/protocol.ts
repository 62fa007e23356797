/**
 * Owns the messages between executor and worker. Same pipes as a session: fd 3 up (blocking, framed), fd 4 down (main thread),
 * fd 5 watcher. When the executor is gone the worker appends the very same frames to its spool file (semantics §8).
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
  /** `exitCode` is set when the user called process.exit(): the run is CRASHED, not FAILED. */
  | { type: 'failed'; runId: string; attempt: number; nonce: string; error: ErrorRecord; cpuSeconds: number; peakMemoryBytes: number; exitCode: number | null; isReusable: boolean }
  | { type: 'engine'; payload: EngineRequest }
