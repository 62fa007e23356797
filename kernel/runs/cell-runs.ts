/**
 * Owns the way from a cell, or a call of a known task or flow, to a submitted run and back to a shown value.
 */
import { DEFAULT_RUN_OPTIONS } from '../../src/config/option-table.ts'
import type { Settings } from '../../src/config/settings.ts'
import type { MimeBundle, RunOptions, RunKind } from '../../src/model/run.ts'
import type { CellAnalysis } from '../../src/code/contract.ts'
import type { CellOutput, SessionPort } from '../contract.ts'
import type { CapturedSubmission } from '../session/protocol.ts'
import type { RunRegistry } from './run-registry.ts'
import type { TrackedRun } from './tracked-run.ts'

/** A cell to run as a task or flow. */
export interface CellSubmission {
  cellId: string
  analysis: CellAnalysis
  kind: RunKind
  name: string
  runName: string
  options: Partial<RunOptions>
  extraInputs: string[]
  extraOutputs: string[]
  /** Values in place of a flow cell's own, by parameter. */
  parameterValues: Record<string, unknown>
  /** Nothing is submitted before it resolves; its rejection is the answer. */
  checked?: Promise<void>
}

/** A call of a task or flow that the session knows by name. */
export interface CallSubmission {
  cellId: string
  target: string
  options: Partial<RunOptions>
  parameters: Record<string, unknown>
  runName: string | null
}

/** A run under way and the names it hands back. */
export interface StartedRun {
  tracked: TrackedRun
  outputs: string[]
}

/** Captures in the session, submits to the executor. */
export class CellRuns {
  readonly #session: SessionPort
  readonly #runs: RunRegistry
  readonly #settings: () => Settings

  constructor(session: SessionPort, runs: RunRegistry, settings: () => Settings) {
    this.#session = session
    this.#runs = runs
    this.#settings = settings
  }

  /** @throws LabflowError CANNOT_CAPTURE, MUTATES_INPUT and the executor's own. */
  async submitCell(cell: CellSubmission): Promise<StartedRun> {
    const captured = this.#session.ask<CapturedSubmission>({
      type: 'capture-cell',
      analysis: cell.analysis,
      extraInputs: cell.extraInputs,
      extraOutputs: cell.extraOutputs,
      parameterValues: cell.parameterValues,
      options: { ...DEFAULT_RUN_OPTIONS, ...this.#settings().runOptions(), ...cell.options },
      kind: cell.kind,
      name: cell.name,
      runName: cell.runName,
    })
    captured.catch(() => {})
    await cell.checked
    const { value, buffers } = await captured
    const tracked = await this.#runs.submit(value.submission, buffers, { cellId: cell.cellId })
    return { tracked, outputs: value.outputs }
  }

  /** @throws LabflowError NO_SUCH_NAME, CANNOT_CAPTURE and the executor's own. */
  async submitCall(call: CallSubmission): Promise<StartedRun> {
    // Settings are weaker than what the task's own code says, so only the line's options go along.
    const { value, buffers } = await this.#session.ask<CapturedSubmission>({ type: 'capture-call', target: call.target, parameters: call.parameters, options: call.options })
    const submission = call.runName === null ? value.submission : { ...value.submission, runName: call.runName }
    const tracked = await this.#runs.submit(submission, buffers, { cellId: call.cellId })
    return { tracked, outputs: value.outputs }
  }

  /** Shows the value of a result as the cell's result; nothing when it is undefined. */
  async showValue(buffers: readonly Uint8Array[], output: CellOutput): Promise<void> {
    if (buffers.length === 0) return
    const { value } = await this.#session.ask<{ data: MimeBundle; metadata: Record<string, unknown> } | null>({ type: 'show-result' }, buffers)
    if (value) output.result(value.data, value.metadata)
  }
}
