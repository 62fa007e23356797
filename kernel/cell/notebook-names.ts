/**
 * Owns what the kernel knows of the notebook's names from the cells that ran: which exist, which can be called, when each was set,
 * and which cells are known as tasks or flows.
 */
import type { CellAnalysis } from '../../src/code/contract.ts'
import type { RunOptions, RunKind } from '../../src/model/run.ts'

/** A `%%task` or `%%flow` cell over statements: `%submit name` runs it again. */
export interface KnownCell {
  name: string
  kind: RunKind
  /** Its code, positions kept. */
  source: string
  analysis: CellAnalysis
  options: Partial<RunOptions>
  extraInputs: string[]
  extraOutputs: string[]
}

/** Names of one session; a fresh session starts empty, known cells stay. */
export class NotebookNames {
  readonly #setMs = new Map<string, number>()
  readonly #callable = new Set<string>()
  readonly #cells = new Map<string, KnownCell>()

  /** Takes what a cell of the session declared, imported or assigned. */
  record(analysis: CellAnalysis, timeMs: number): void {
    for (const name of namesSetBy(analysis)) {
      this.#setMs.set(name, timeMs)
      this.#callable.delete(name)
    }
    for (const { local } of analysis.imports) this.#callable.add(local)
    for (const { name, kind } of analysis.definitions) if (kind === 'function' || kind === 'const-function') this.#callable.add(name)
    // const embed = task(…) is data to the analysis, and a task to the user.
    for (const { name, kind, freeNames } of analysis.definitions) {
      if (kind === 'data' && freeNames.some((free) => free === 'task' || free === 'flow')) this.#callable.add(name)
    }
  }

  /** Takes names that a run set. */
  recordBound(names: Iterable<string>, timeMs: number): void {
    for (const name of names) this.#setMs.set(name, timeMs)
  }

  has(name: string): boolean {
    return this.#setMs.has(name) || name in globalThis
  }

  isCallable(name: string): boolean {
    return this.#callable.has(name) || this.#cells.has(name)
  }

  /** When the name was last set; epoch milliseconds, null for a name of nobody. */
  setMs(name: string): number | null {
    return this.#setMs.get(name) ?? null
  }

  get all(): string[] {
    return [...this.#setMs.keys()]
  }

  get callables(): string[] {
    return [...new Set([...this.#callable, ...this.#cells.keys()])]
  }

  addCell(cell: KnownCell): void {
    this.#cells.set(cell.name, cell)
  }

  cell(name: string): KnownCell | null {
    return this.#cells.get(name) ?? null
  }

  /** A fresh session has none of the variables. */
  forgetVariables(): void {
    this.#setMs.clear()
    this.#callable.clear()
  }
}

/** The names that running the cell sets: declared, imported, assigned. */
export function namesSetBy(analysis: CellAnalysis): string[] {
  return [...analysis.declared, ...analysis.imports.map((binding) => binding.local), ...analysis.assigned]
}
