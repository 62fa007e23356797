/**
 * Owns the names that notebook code in a worker may refer to: those of the run's code bundle and those its entry declared.
 * So a task made inside a run can be captured as in the notebook.
 */
import type { NameBinding, NameScope } from '../capture/contract.ts'
import { analyzeCell } from '../code/cell-analysis.ts'
import type { CellAnalysis, RecordedDefinition } from '../code/contract.ts'
import type { CodeBundle, ImportBinding } from '../model/run.ts'

/** Names of one attempt; values are read live. */
export class NotebookNames implements NameScope {
  readonly folder: string
  readonly #code: CodeBundle
  readonly #readers = new Map<string, () => unknown>()
  #imports: Map<string, ImportBinding> | null = null
  #definitions: Map<string, RecordedDefinition> | null = null

  constructor(code: CodeBundle) {
    this.folder = code.folder
    this.#code = code
  }

  /** Adds live readers; a later one of the same name wins, as an inner scope does. */
  expose(readers: Record<string, () => unknown>): void {
    for (const [name, read] of Object.entries(readers)) this.#readers.set(name, read)
  }

  lookup(name: string): NameBinding {
    this.#analyze()
    const binding = this.#imports?.get(name)
    if (binding !== undefined) return { kind: 'import', binding }
    const definition = this.#definitions?.get(name)
    if (definition !== undefined && definition.kind !== 'data') {
      const value = this.valueOf(name)
      return definition.madeBy === undefined && definition.madeInto === undefined ? { kind: 'definition', definition, value } : { kind: 'task', fingerprintSource: definition, value }
    }
    const read = this.#readers.get(name)
    if (read === undefined) return { kind: 'unknown' }
    try {
      return { kind: 'value', value: read() }
    } catch {
      // A name of the entry that is declared further down: not there yet.
      return { kind: 'unknown' }
    }
  }

  /** The text of the run's code, its entry last. */
  definitions(): Iterable<RecordedDefinition> {
    const { definitions, entry } = this.#code
    const texts = [...definitions, ...(entry.kind === 'module' ? [] : [entry])]
    return texts.map(({ source, typed }) => ({ name: '', kind: 'data', source, freeNames: [], digest: '', ...(typed ? { typed } : {}) }))
  }

  /** Whether a captured name has another value now than it was given: a helper may have assigned it. */
  hasChanged(name: string, given: unknown): boolean {
    const read = this.#readers.get(name)
    return read !== undefined && !Object.is(read(), given)
  }

  /** What a name holds now; undefined for one that is not there yet. */
  valueOf(name: string): unknown {
    try {
      return this.#readers.get(name)?.()
    } catch {
      return undefined
    }
  }

  /** The class so named, and the way back. */
  classNamed(name: string): unknown {
    const found = this.#readers.get(name)?.()
    return typeof found === 'function' ? found : undefined
  }

  nameOfClass(type: unknown): string | null {
    for (const [name, read] of this.#readers) {
      try {
        if (read() === type) return name
      } catch {
        // Not initialised yet.
      }
    }
    return null
  }

  #analyze(): void {
    if (this.#imports !== null) return
    this.#imports = new Map(this.#code.imports.map((binding) => [binding.local, binding]))
    this.#definitions = new Map()
    for (const { source, typed, madeInto } of this.#code.definitions) {
      const { imports, definitions } = analyzeCell(source)
      this.#record({ imports, definitions: definitions.map((definition) => ({ ...definition, typed, madeInto })) })
    }
    if (this.#code.entry.kind === 'cell') this.#record(analyzeCell(this.#code.entry.source))
  }

  #record(analysis: Pick<CellAnalysis, 'imports' | 'definitions'>): void {
    for (const binding of analysis.imports) this.#imports?.set(binding.local, binding)
    for (const definition of analysis.definitions) this.#definitions?.set(definition.name, definition)
  }
}
