/**
 * Owns what the notebook's names stand for: imports, definitions with their source, pending results, plain values.
 * Never triggers a getter.
 */
import type { NameBinding, NameScope } from '../../src/capture/contract.ts'
import type { CellAnalysis, RecordedDefinition } from '../../src/code/contract.ts'
// Loaded here, before any cell runs: it notes at load which globals are Node's own, and capture itself is loaded much later.
import '../../src/code/globals.ts'
import { functionFields } from '../../src/capture/own-fields.ts'
import { typedPlaceWithin } from '../../src/capture/typed-place.ts'
import { taskOf } from './task-values.ts'
import type { ImportBinding } from '../../src/model/run.ts'

/** Older cells are forgotten: their functions may still travel, and their errors show no lines. */
const MAX_CELL_TEXTS = 1_000

/** The session's names as capture sees them. */
export class NotebookNames implements NameScope {
  folder: string
  readonly #imports = new Map<string, ImportBinding>()
  readonly #definitions = new Map<string, RecordedDefinition>()
  readonly #values = new Map<string, unknown>()
  /** Functions that hung on a definition when its cell had ended. */
  readonly #functions = new Map<string, ReadonlyMap<string, unknown>>()
  /** Text of the newest cells: a function is told to be a closure by where its text stands, also long after its maker's name was taken. */
  readonly #cells: RecordedDefinition[] = []
  /** `before` is what the name had when it became pending: a run that fails leaves it as it was. */
  readonly #pending = new Map<string, { runShortId: string; before: PropertyDescriptor | undefined }>()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Records a cell that starts to run: what it declares replaces what the names meant before. */
  record(analysis: CellAnalysis, filename: string): void {
    this.noteText(analysis, filename)
    for (const name of analysis.declared) this.forget(name)
    for (const binding of analysis.imports) {
      this.forget(binding.local)
      this.#imports.set(binding.local, binding)
    }
    for (const definition of analysis.definitions) {
      const { typed } = definition
      this.#definitions.set(definition.name, typed === undefined ? definition : { ...definition, typed: { ...typed, filename } })
    }
  }

  /** Keeps a cell's text, also of one that runs in a worker. */
  noteText(analysis: CellAnalysis, filename: string): void {
    const { javascript, typedLines: lines, typed } = analysis
    const texts = typed?.split('\n') ?? []
    const place = lines === undefined || typed === undefined ? {} : { typed: { filename, lines, texts: lines.map((line) => texts[line - 1] ?? '') } }
    this.#cells.push({ name: '', kind: 'data', source: javascript, freeNames: [], digest: '', ...place })
    if (this.#cells.length > MAX_CELL_TEXTS) this.#cells.shift()
  }

  /** The text of the cells that ran, newest last. */
  definitions(): Iterable<RecordedDefinition> {
    return this.#cells
  }

  /** The cell has ended: a definition counts as long as its name has the value it has now. */
  settle(analysis: CellAnalysis): void {
    for (const { name } of analysis.definitions) {
      const value = this.valueOf(name)
      this.#values.set(name, value)
      this.#functions.set(name, functionFields(value))
    }
  }

  /** A value was put under the name from outside any cell. */
  forget(name: string): void {
    this.#imports.delete(name)
    this.#definitions.delete(name)
    this.#values.delete(name)
    this.#functions.delete(name)
    this.clearPending(name)
  }

  /** The name got another value that its definition still describes: a task made of the function. */
  keepDefinition(name: string): void {
    if (this.#definitions.has(name)) this.#values.set(name, this.valueOf(name))
  }

  define(definition: RecordedDefinition): void {
    this.forget(definition.name)
    const { typed: _ofItsOwnText, ...recorded } = definition
    const typed = typedPlaceWithin(definition.source.replace(/^[\w$]+ = |;$/g, ''), this)
    this.#definitions.set(definition.name, typed === null ? recorded : { ...recorded, typed })
  }

  addImport(binding: ImportBinding): void {
    this.forget(binding.local)
    this.#imports.set(binding.local, binding)
  }

  definitionOf(name: string): RecordedDefinition | null {
    return this.#definitions.get(name) ?? null
  }

  /** The value of a name of the notebook; undefined for accessors and unknown names. */
  valueOf(name: string): unknown {
    return Object.getOwnPropertyDescriptor(globalThis, name)?.value as unknown
  }

  /** The name under which the notebook has a class or function, by definition or import; null when it has none. */
  nameOfValue(value: unknown): string | null {
    const own = typeof value === 'function' ? value.name : ''
    if ((this.#definitions.has(own) || this.#imports.has(own)) && this.valueOf(own) === value) return own
    for (const name of [...this.#definitions.keys(), ...this.#imports.keys()]) if (this.valueOf(name) === value) return name
    return null
  }

  lookup(name: string): NameBinding {
    const pending = this.#pending.get(name)
    if (pending !== undefined) return { kind: 'pending', runShortId: pending.runShortId }
    const binding = this.#imports.get(name)
    if (binding !== undefined) return { kind: 'import', binding }
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
    const recorded = this.#definitions.get(name)
    const isStale = recorded !== undefined && this.#values.has(name) && this.#values.get(name) !== descriptor?.value
    const definition = isStale ? undefined : recorded
    const made = definition === undefined ? null : taskOf(descriptor?.value)
    if (definition !== undefined && made !== null) {
      // One made by task(…) in its own text is made again by that text.
      const madeInto = definition.madeBy === undefined ? { madeInto: { kind: made.kind, name: made.name, options: made.given } } : {}
      return { kind: 'task', fingerprintSource: { ...definition, ...madeInto }, value: descriptor?.value }
    }
    if (definition !== undefined && definition.kind !== 'data') return { kind: 'definition', definition, value: descriptor?.value, made: this.#functions.get(name) }
    if (descriptor === undefined || descriptor.get !== undefined || !this.#isOfUser(descriptor)) return { kind: 'unknown' }
    return { kind: 'value', value: descriptor.value as unknown }
  }

  /** Names that cells defined: enumerable properties of globalThis that were not there at the start. */
  names(): string[] {
    return Object.keys(globalThis).filter((name) => !builtIn.has(name) || this.#imports.has(name) || this.#definitions.has(name))
  }

  markPending(name: string, runShortId: string): void {
    this.clearPending(name)
    this.#pending.set(name, { runShortId, before: Object.getOwnPropertyDescriptor(globalThis, name) })
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: false, // spreading globalThis must not meet the getter
      get: () => {
        throw new ReferenceError(`${name} is a result of run ${runShortId}, which has not ended: %wait ${runShortId} waits for it`)
      },
      set: (value: unknown) => {
        this.forget(name)
        Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true })
      },
    })
  }

  /** The name is no longer awaited; it has what it had before, unless something was bound to it meanwhile. */
  clearPending(name: string): void {
    const pending = this.#pending.get(name)
    if (pending === undefined) return
    this.#pending.delete(name)
    if (Object.getOwnPropertyDescriptor(globalThis, name)?.get === undefined) return
    Reflect.deleteProperty(globalThis, name)
    if (pending.before !== undefined) Object.defineProperty(globalThis, name, pending.before)
  }

  pendingRun(name: string): string | null {
    return this.#pending.get(name)?.runShortId ?? null
  }

  #isOfUser(descriptor: PropertyDescriptor): boolean {
    return descriptor.enumerable === true
  }
}

const builtIn = new Set(Object.keys(globalThis))
