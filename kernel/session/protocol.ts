/**
 * Owns the messages between kernel and session. Commands go down pipe fd 4 (main thread) and fd 5 (watcher thread);
 * messages come up fd 3, written blocking and framed. Values travel beside the message as buffers.
 */
import type { CellAnalysis } from '../../src/code/contract.ts'
import type { ErrorRecord } from '../../src/model/errors.ts'
import type { MimeBundle, RunKind, RunOptions, Submission } from '../../src/model/run.ts'
import type { EngineEvent, EngineReply, EngineRequest } from '../../src/wire/engine-protocol.ts'

/** A cell ready to run: script text whose completion value is a function, and what it declares. */
export interface CompiledCell {
  /** Evaluates to `function` or `async function` of one argument (kernel/session/cell-helpers.ts), which returns `[value]` of the last expression or nothing. */
  script: string
  /** Absolute, inside the notebook's folder, such as /home/me/nb/cell-12.ts: stack traces and imports use it. */
  filename: string
  /** Names that become properties of globalThis. */
  declared: string[]
  analysis: CellAnalysis
  /** The cell as typed, magic lines blanked; errors show its lines. */
  source: string
  /** The way back from a place in `script` to one in `source`. */
  positions: ScriptPositions
}

/** Where the stretches of a script come from. Offsets are UTF-16 units. */
export interface ScriptPositions {
  /** The stripped JavaScript that the script was made of. */
  javascript: string
  /** Triples: start in the script, start in `javascript`, length. */
  segments: number[]
  /** Source-map mappings from `javascript` to `source`; null when lines are the same. */
  mappings: string | null
}

export type SessionCommand =
  /** Runs a cell. `cellId` is the parent message id: every output carries it. */
  | { type: 'execute'; requestId: number; cellId: string; cell: CompiledCell; isSilent: boolean; userExpressions: Record<string, string>; allowStdin: boolean }
  /** Captures a cell for a worker and submits it nowhere: the answer holds a Submission's parts, buffers = encoded inputs. */
  | { type: 'capture-cell'; requestId: number; analysis: CellAnalysis; extraInputs: string[]; extraOutputs: string[]; parameterValues: Record<string, unknown>; options: Partial<RunOptions>; kind: RunKind; name: string; runName: string }
  /** Turns the named notebook functions into tasks or flows (decorator form). */
  | { type: 'make-tasks'; requestId: number; names: string[]; kind: RunKind; options: Partial<RunOptions>; taskName: string | null }
  /** Captures a call of a known task or flow (`%submit`); `args` are plain JSON parameters by name, checked in the kernel. */
  | { type: 'capture-call'; requestId: number; target: string; parameters: Record<string, unknown>; options: Partial<RunOptions> }
  /** Binds outputs of a run. Buffers: encoded RunResult. `names` maps output name → notebook name. `isShown`: answers as `show-result` does. */
  | { type: 'bind'; requestId: number; runShortId: string; names: Record<string, string>; isShown?: boolean }
  /** Shows the `value` of a run's result as a MIME bundle. Buffers: encoded RunResult. */
  | { type: 'show-result'; requestId: number }
  /** Marks names as pending results of a run; reading one throws and names the run. */
  | { type: 'mark-pending'; requestId: number; names: string[]; runShortId: string }
  | { type: 'clear-pending'; requestId: number; names: string[] }
  /** Live names for completion and inspection; getters are never triggered. */
  | { type: 'describe'; requestId: number; expression: string }
  | { type: 'variables'; requestId: number }
  | { type: 'chdir'; requestId: number; folder: string }
  /** Folder and environment of the session now: shell commands run in them. Answer: `{ cwd, env }`. */
  | { type: 'environment'; requestId: number }
  | { type: 'set-environment'; requestId: number; variables: Record<string, string | null> }
  | { type: 'input-reply'; cellId: string; value: string }
  | { type: 'comm'; content: { kind: 'open' | 'message' | 'close'; commId: string; targetName: string; data: unknown } }
  | { type: 'engine'; payload: EngineReply | EngineEvent }
  | { type: 'exit' }

export type WatcherCommand = { type: 'interrupt' }
export type WatcherMessage = { type: 'interrupted' }

export type SessionMessage =
  | { type: 'ready'; pid: number }
  | { type: 'stream'; cellId: string | null; name: 'stdout' | 'stderr'; text: string }
  | { type: 'display'; cellId: string | null; data: MimeBundle; metadata: Record<string, unknown>; displayId: string | null; isUpdate: boolean }
  | { type: 'clear'; cellId: string | null; wait: boolean }
  | { type: 'input-request'; cellId: string; prompt: string; isPassword: boolean }
  /** An error outside any awaited cell: a timer, an unhandled rejection. */
  | { type: 'late-error'; cellId: string | null; error: ErrorRecord }
  /** End of an execute. `result` is the MIME bundle of the last expression, null when undefined. */
  | { type: 'executed'; requestId: number; ok: true; result: { data: MimeBundle; metadata: Record<string, unknown> } | null; userExpressions: Record<string, unknown> }
  | { type: 'executed'; requestId: number; ok: false; error: ErrorRecord }
  /** Answer to every other command. */
  | { type: 'answer'; requestId: number; ok: true; value: unknown }
  | { type: 'answer'; requestId: number; ok: false; error: ErrorRecord }
  /** The user called process.exit(code) in a cell; the process ends after this. */
  | { type: 'exit'; code: number; cellId: string | null; where: string | null }
  | { type: 'comm'; content: { kind: 'open' | 'message' | 'close'; commId: string; targetName: string; data: unknown } }
  /** A task or flow called in a cell: the kernel passes the request to the executor and draws the run's card under `cellId`. */
  | { type: 'engine'; cellId: string | null; payload: EngineRequest }

/** Answer of `capture-cell` and `capture-call`; the encoded inputs are the frame's buffers. */
export interface CapturedSubmission {
  submission: Submission
  /** Names that the run will hand back. */
  outputs: string[]
}

/** Answer of `describe`: what a live value looks like to completion and Shift-Tab. */
export interface LiveDescription {
  exists: boolean
  kind: string
  /** Own and inherited property names, at most 1,000. */
  properties: { name: string; kind: string }[]
  preview: string
}
