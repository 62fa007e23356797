/**
 * Owns how much of a run's output a client has seen, so that after a gap only the rest is told again.
 * Works on what `outputs` answers: neighbouring text of one stream is one entry.
 */
import type { RunOutput } from '../model/run.ts'

export class OutputTally {
  #entries = 0
  #stream: 'stdout' | 'stderr' | null = null
  #chars = 0

  /** Counts an output that was seen. */
  add(output: RunOutput): void {
    if (output.type === 'stream' && output.name === this.#stream) {
      this.#chars += output.text.length
      return
    }
    this.#entries++
    this.#stream = output.type === 'stream' ? output.name : null
    this.#chars = output.type === 'stream' ? output.text.length : 0
  }

  /** What of the whole was not seen yet. */
  missing(all: readonly RunOutput[]): RunOutput[] {
    if (this.#entries === 0) return [...all]
    const rest = all.slice(this.#entries)
    const last = all[this.#entries - 1]
    if (last?.type === 'stream' && last.name === this.#stream && last.text.length > this.#chars) {
      rest.unshift({ ...last, text: last.text.slice(this.#chars) })
    }
    return rest
  }
}
