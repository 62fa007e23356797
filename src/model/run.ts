/**
 * Owns the records that processes exchange about runs: submission, run record, run events.
 * Plain data only, so that each survives a frame, a row and a JSON file.
 */
import type { ErrorRecord } from './errors.ts'
import type { RetryPolicy } from './retry.ts'
import type { RunState } from './state.ts'

export type RunKind = 'task' | 'flow'

/** Options of one run after parsing; durations in milliseconds. The same names exist in magics, API and YAML. */
export interface RunOptions extends RetryPolicy {
  /** null = no limit. */
  timeoutMs: number | null
  /** null = not cached; `expiresAfterMs` null = never expires. */
  cache: { expiresAfterMs: number | null } | null
  /** Compute even when a cached result exists, and replace it. */
  refresh: boolean
  tags: string[]
  /** How long a cancelled or timed-out attempt may clean up before its processes are killed; default 100. */
  graceMs?: number
  /** Seed of Math.random in the worker; null = native random unless the run is cached. */
  seed: number | null
}

/** One import that a piece of notebook code needs. `imported` is `default`, `*` or an exported name. */
export interface ImportBinding {
  local: string
  imported: string
  specifier: string
  attributes?: Record<string, string>
}

/** Where the lines of a piece of code stand as typed: for error messages, no part of a fingerprint. Both lists have an entry for each line of the code. */
export interface TypedPlace {
  /** File name of the cell; absolute, inside the notebook's folder. */
  filename: string
  /** From 1. */
  lines: number[]
  texts: string[]
}

/** A top-level definition that travels as JavaScript source (types already stripped). */
export interface Definition {
  name: string
  kind: 'function' | 'class' | 'const-function' | 'enum' | 'namespace'
  /** A statement that declares or assigns `name`: `function f(){…}`, `class C {…}`, `f = (x) => …`. */
  source: string
  typed?: TypedPlace
  /** Set for a function that became a task or flow by a magic: a call of it is a run of its own, in a worker too. */
  madeInto?: { kind: RunKind; name: string; options: Partial<RunOptions> }
}

/**
 * Code that can run in any worker. Names are resolved in this order: imports, definitions (in order), captured values.
 * - `cell`: statements; after they ran, the values of `outputs` come back by name, and the last expression as `value`.
 * - `function`: an expression that evaluates to the function; it is called with the submitted arguments.
 * - `module`: a task or flow that a local module exports; the worker imports the module and takes the one so named.
 * `typed` says how each line of `source` was typed; absent = the same lines.
 */
export interface CodeBundle {
  imports: ImportBinding[]
  definitions: Definition[]
  entry:
    | { kind: 'cell'; source: string; outputs: string[]; functionOutputs: string[]; filename: string; typed?: TypedPlace }
    | { kind: 'function'; source: string; filename: string; typed?: TypedPlace }
    | { kind: 'module'; path: string; taskName: string; runKind: RunKind }
  /** Folder that relative specifiers and bare packages resolve from: the notebook's. Absolute. */
  folder: string
  /** sha256 hex over everything above in canonical form plus module contents and package versions. */
  fingerprint: string
  /** What went into the fingerprint, by label (`function scale`, `module ./umap.ts`, `package umap-js`), each with its digest: says what changed on a miss. */
  fingerprintParts: Record<string, string>
}

/** A value in transit: a self-describing header and the raw buffers it points into by index. */
export interface EncodedValue {
  header: Uint8Array
  buffers: Uint8Array[]
}

/** Where an attempt runs: taken from the session at submission. */
export interface RunEnvironment {
  cwd: string
  env: Record<string, string>
  nodePath: string
}

/** What a client asks the executor to run. The inputs travel beside it as an {@link EncodedValue} of {@link RunInputs}. */
export interface Submission {
  kind: RunKind
  /** Name of the task or flow. */
  name: string
  /** Run name shown to people; defaults to `name`. */
  runName: string
  code: CodeBundle
  options: RunOptions
  environment: RunEnvironment
  /** sha256 hex of fingerprint + input digest; used only when `options.cache` is set. */
  cacheKey: string
  /** Digest of each input by name, to say which one changed. */
  inputDigests: Record<string, string>
  /** Parameters for people and for `runs()`: JSON-safe previews of the inputs. */
  parameters: Record<string, unknown>
  /** Path of the notebook (JPY_SESSION_NAME) or a kernel id; null from plain programs. */
  notebook: string | null
  /** Long id of the run that submitted this one. */
  parentRunId: string | null
}

/** The decoded inputs of a run: positional arguments of a function entry and captured notebook values by name. */
export interface RunInputs {
  args: unknown[]
  captured: Record<string, unknown>
  /** Data that hangs on the classes, functions and enums that travel as source: name → field → value. */
  fields?: Record<string, Record<string, unknown>>
}

/** What a worker hands back: `value` = return value or last expression, `outputs` = names of a cell, `functionSources` = functions and classes as source. */
export interface RunResult {
  value: unknown
  outputs: Record<string, unknown>
  /** name → assignment source, evaluated in the session when bound. */
  functionSources: Record<string, string>
  /** Data that hangs on these: name → field → value. */
  functionFields?: Record<string, Record<string, unknown>>
  /** name → the import that gives the same value in the session: modules, functions of packages and of Node. */
  imports?: Record<string, Pick<ImportBinding, 'specifier' | 'imported'>>
}

/** A display as Jupyter knows it. */
export interface MimeBundle {
  [mimeType: string]: unknown
}

/** One thing a run showed; kept with the run and replayed on a cache hit. */
export type RunOutput =
  | { type: 'stream'; name: 'stdout' | 'stderr'; text: string }
  | { type: 'display'; data: MimeBundle; metadata: Record<string, unknown>; displayId: string | null; isUpdate: boolean }
  | { type: 'clear'; wait: boolean }

/** State of one progress bar. `total` null = unknown. `metrics` as loss by name. */
export interface Progress {
  barId: string
  label: string
  done: number
  total: number | null
  metrics: Record<string, number>
}

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

/** Everything a subscriber of a run hears, in order. `seq` grows by one per run, so that a gap shows. */
export type RunEvent =
  | { type: 'state'; runId: string; seq: number; state: RunState; attempt: number }
  | { type: 'output'; runId: string; seq: number; output: RunOutput }
  | { type: 'progress'; runId: string; seq: number; progress: Progress }
  | { type: 'log'; runId: string; seq: number; level: LogLevel; message: string; timeMs: number }
  | { type: 'child'; runId: string; seq: number; child: RunRecord }

/** What the store knows of a run; times are epoch milliseconds. */
export interface RunRecord {
  /** Long id, a lower-case uuid. */
  id: string
  /** Short id for people: r1, r2, … by store. */
  shortId: string
  kind: RunKind
  name: string
  runName: string
  state: RunState
  /** 1 for the first attempt; 0 before any. */
  attempt: number
  options: RunOptions
  parameters: Record<string, unknown>
  notebook: string | null
  parentRunId: string | null
  tags: string[]
  createdMs: number
  startedMs: number | null
  endedMs: number | null
  /** Long id of the run whose result a cache hit reused, and when that was computed. */
  cachedFrom: { runId: string; shortId: string; computedMs: number } | null
  error: ErrorRecord | null
  progress: Progress | null
  lastLog: string | null
  cpuSeconds: number | null
  peakMemoryBytes: number | null
  /** Remarks for the card: read the network, mutated an input, … */
  warnings: string[]
  hasResult: boolean
  /** Names a completed cell run hands back, or those that a run kept which FAILED because of another output; empty for functions. */
  outputNames: string[]
}
