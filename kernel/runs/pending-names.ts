/**
 * Owns which notebook names a background run will set, and which run has the right to.
 * The run submitted last wins a name; a later cell that sets the name wins over every run.
 */
import type { RunRecord } from '../../src/model/run.ts'
import type { TrackedRun } from './tracked-run.ts'

/** A name that a run was to set and no longer does. */
export interface LostName {
  name: string
  run: TrackedRun
}

/** The pending names of one notebook. */
export class PendingNames {
  readonly #runOf = new Map<string, TrackedRun>()
  /** Names whose run ended without setting them: explains a later ReferenceError. */
  readonly #unset = new Map<string, RunRecord>()

  /** Gives names to a run; returns those that an earlier run loses by it. */
  add(run: TrackedRun, names: readonly string[]): LostName[] {
    const lost: LostName[] = []
    for (const name of names) {
      const before = this.#runOf.get(name)
      if (before && before !== run) lost.push({ name, run: before })
      this.#runOf.set(name, run)
      this.#unset.delete(name)
    }
    return lost
  }

  /** Takes names away because a cell sets them now; returns those that were pending. */
  overtake(names: Iterable<string>): LostName[] {
    const lost: LostName[] = []
    for (const name of names) {
      const run = this.#runOf.get(name)
      if (run) lost.push({ name, run })
      this.#runOf.delete(name)
      this.#unset.delete(name)
    }
    return lost
  }

  /** Runs that must end before code with these free names may start, each with the names it owes. */
  neededBy(freeNames: Iterable<string>): Map<TrackedRun, string[]> {
    const needed = new Map<TrackedRun, string[]>()
    for (const name of new Set(freeNames)) {
      const run = this.#runOf.get(name)
      if (run) needed.set(run, [...(needed.get(run) ?? []), name])
    }
    return needed
  }

  /** The names that still belong to the run; they are pending no more. */
  take(run: TrackedRun): string[] {
    const names = [...this.#runOf].filter(([, owner]) => owner === run).map(([name]) => name)
    for (const name of names) this.#runOf.delete(name)
    return names
  }

  /** Remembers that the run ended without setting the names. */
  leaveUnset(names: readonly string[], record: RunRecord): void {
    for (const name of names) this.#unset.set(name, record)
  }

  /** The run that should have set the name and did not. */
  unsetBy(name: string): RunRecord | null {
    return this.#unset.get(name) ?? null
  }

  /** The run that will set the name. */
  owner(name: string): TrackedRun | null {
    return this.#runOf.get(name) ?? null
  }

  get names(): string[] {
    return [...this.#runOf.keys()]
  }
}
