/**
 * Owns the way of a run's outputs into the notebook: between cells, all or nothing, and only the names that no later cell or run has taken.
 */
import { LabflowError } from '../../src/model/errors.ts'
import type { MimeBundle, RunRecord } from '../../src/model/run.ts'
import { toErrorRecord } from '../cell/cell-error.ts'
import type { NotebookNames } from '../cell/notebook-names.ts'
import type { CellOutput, OutputPort, SessionPort } from '../contract.ts'
import type { CellLock } from './cell-lock.ts'
import type { LostName, PendingNames } from './pending-names.ts'
import type { RunRegistry } from './run-registry.ts'
import type { EndedRun, TrackedRun } from './tracked-run.ts'

/** What a binder works with. */
export interface BinderParts {
  session: SessionPort
  pending: PendingNames
  names: NotebookNames
  runs: RunRegistry
  outputs: OutputPort
  lock: CellLock
  nowMs(): number
}

interface ShownValue {
  data: MimeBundle
  metadata: Record<string, unknown>
}

/** Binds outputs. Its methods other than `follow` are called by whoever holds the notebook's turn. */
export class OutputBinder {
  readonly #parts: BinderParts
  readonly #settling = new Set<Promise<void>>()

  constructor(parts: BinderParts) {
    this.#parts = parts
  }

  /** Makes the names pending until the run ends, and binds them then, between cells. */
  async follow(tracked: TrackedRun, names: readonly string[]): Promise<void> {
    const { pending, session, lock, runs } = this.#parts
    this.#tellLost(pending.add(tracked, names))
    if (names.length > 0) await session.ask({ type: 'mark-pending', names: [...names], runShortId: tracked.record.shortId })
    const settled = tracked.ended
      .then((ended) => lock.run(() => this.settle(tracked, ended)))
      .catch((error: unknown) => runs.note(tracked, `its outputs could not be bound: ${toErrorRecord(error).message}`))
      .finally(() => this.#settling.delete(settled))
    this.#settling.add(settled)
  }

  /** Binds what a run that ended still owes; does nothing the second time. */
  async settle(tracked: TrackedRun, ended: EndedRun): Promise<void> {
    const { pending, session, names: known, outputs } = this.#parts
    const names = pending.take(tracked)
    if (names.length === 0) return
    await session.ask({ type: 'clear-pending', names })
    if (ended.run.state.type !== 'COMPLETED') {
      pending.leaveUnset(names.filter((name) => known.setMs(name) === null), ended.run)
      return
    }
    try {
      await this.bind(ended.run, ended.buffers, Object.fromEntries(names.filter((name) => ended.run.outputNames.includes(name)).map((name) => [name, name])))
    } catch (error) {
      pending.leaveUnset(names, ended.run)
      const { message } = toErrorRecord(error)
      outputs.outputOf(tracked.cellId).stream('stderr', `${ended.run.shortId}: its outputs were not bound: ${message}\n`)
      throw error
    }
  }

  /** Binds outputs at once: output name → notebook name. @throws LabflowError CANNOT_BIND; then nothing is bound. */
  async bind(run: RunRecord, buffers: readonly Uint8Array[], names: Record<string, string>): Promise<void> {
    if (Object.keys(names).length > 0) await this.#bind(run, buffers, names, false)
  }

  /** Binds outputs and shows the value of the result, in one question: the result goes to the session once. @throws LabflowError CANNOT_BIND. */
  async bindAndShow(run: RunRecord, buffers: readonly Uint8Array[], names: Record<string, string>, output: CellOutput): Promise<void> {
    if (buffers.length === 0 && Object.keys(names).length === 0) return
    const shown = await this.#bind(run, buffers, names, true)
    if (shown !== null) output.result(shown.data, shown.metadata)
  }

  async #bind(run: RunRecord, buffers: readonly Uint8Array[], names: Record<string, string>, isShown: boolean): Promise<ShownValue | null> {
    const { session, names: known, nowMs } = this.#parts
    if (buffers.length === 0) throw new LabflowError('CANNOT_BIND', `${run.shortId} has no stored result any more`)
    const { value } = await session.ask<ShownValue | null>({ type: 'bind', runShortId: run.shortId, names, isShown }, buffers)
    known.recordBound(Object.values(names), nowMs())
    return value
  }

  /** A cell is about to set these names: it wins over runs that were to. */
  async overtake(names: readonly string[]): Promise<void> {
    const lost = this.#parts.pending.overtake(names)
    if (lost.length === 0) return
    await this.#parts.session.ask({ type: 'clear-pending', names: lost.map(({ name }) => name) })
    this.#tellLost(lost)
  }

  /** A fresh session does not know yet which names are pending. */
  async markAgain(): Promise<void> {
    const { pending, session } = this.#parts
    const runs = new Set(pending.names.map((name) => pending.owner(name)))
    for (const run of runs) {
      if (run) await session.ask({ type: 'mark-pending', names: pending.names.filter((name) => pending.owner(name) === run), runShortId: run.record.shortId })
    }
  }

  /** Resolves when every followed run has ended and its outputs are bound. */
  async settled(): Promise<void> {
    while (this.#settling.size > 0) await Promise.all(this.#settling)
  }

  #tellLost(lost: readonly LostName[]): void {
    for (const { name, run } of lost) {
      this.#parts.runs.note(run, `${name} was set again later, so this run leaves it: %wait ${run.record.shortId} --only ${name} --as NAME fetches its value`)
    }
  }
}
