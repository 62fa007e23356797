/**
 * Owns the one transaction of a turn of the loop: whatever is written in a turn is committed together, and answers go out after it.
 * Measured: 0.13 ms a task for a thousand at once, against 0.17 with a transaction each.
 */
import type { Clock } from '../clock.ts'
import { fault } from '../faults.ts'
import type { LabflowError } from '../model/errors.ts'
import type { Statement, StoreDatabase } from './open.ts'
import { storeError } from './open.ts'

/** One more than the end of an attempt waits for its last output (src/executor/attempts.ts). */
const LAZY_TURNS = 4

export class Turn {
  readonly #database: StoreDatabase
  readonly #clock: Clock
  readonly #beforeCommit: () => void
  readonly #onFailure: (error: LabflowError) => void
  readonly #begin: Statement
  readonly #commit: Statement
  #isOpen = false
  #isScheduled = false
  #isLazy = false
  #answers: ((error: LabflowError | null) => void)[] = []

  /**
   * @param beforeCommit writes what may wait for a transaction (logs, progress).
   * @param onFailure called after a commit failed and the answers were told: memory and disk differ now.
   */
  constructor(database: StoreDatabase, clock: Clock, beforeCommit: () => void, onFailure: (error: LabflowError) => void) {
    this.#database = database
    this.#begin = database.prepare('BEGIN')
    this.#commit = database.prepare('COMMIT')
    this.#clock = clock
    this.#beforeCommit = beforeCommit
    this.#onFailure = onFailure
  }

  /** Makes sure that a transaction is open; it is committed at the end of this turn. */
  write(): void {
    if (this.#isOpen) return
    this.#begin.run()
    this.#isOpen = true
    this.#schedule()
  }

  /** Calls back after this turn's commit, in the order asked; with the error when it failed. */
  afterCommit(answer: (error: LabflowError | null) => void): void {
    this.#answers.push(answer)
    this.#schedule()
  }

  /** Calls back after this turn's commit before every {@link afterCommit}: a worker begins while the answers are being written. */
  firstAfterCommit(action: (error: LabflowError | null) => void): void {
    this.#answers.unshift(action)
    this.#schedule()
  }

  /** What `action` writes may wait some turns of the loop, so that it shares a transaction with what follows at once. */
  lazily<T>(action: () => T): T {
    this.#isLazy = true
    try {
      return action()
    } finally {
      this.#isLazy = false
    }
  }

  /** Commits now. */
  commit(): void {
    const failure = this.#isOpen ? this.#tryCommit() : null
    const answers = this.#answers
    this.#answers = []
    for (const answer of answers) answer(failure)
    if (failure !== null) this.#onFailure(failure)
  }

  #schedule(): void {
    if (this.#isLazy) return this.#commitAfter(LAZY_TURNS)
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#clock.soon(() => {
      this.#isScheduled = false
      this.commit()
    })
  }

  #commitAfter(turns: number): void {
    this.#clock.soon(() => (turns > 1 ? this.#commitAfter(turns - 1) : this.commit()))
  }

  #tryCommit(): LabflowError | null {
    this.#isOpen = false
    try {
      this.#beforeCommit()
      fault('executor.before-commit')
      fault('store.commit')
      this.#commit.run()
      fault('executor.after-commit')
      return null
    } catch (error) {
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
      return storeError(error, this.#database.name)
    }
  }
}
