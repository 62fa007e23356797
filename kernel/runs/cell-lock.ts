/**
 * Owns the turn of the notebook's variables: one cell, or one binding of a run's outputs, at a time and in order.
 */

/** Runs what it is given one after the other; a failure of one does not stop the next. */
export class CellLock {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    this.#last = turn.catch(() => {})
    return turn
  }
}
