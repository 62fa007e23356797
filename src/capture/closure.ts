/**
 * Owns the transitive closure of captured code: from the names it uses to the imports, definitions and values it needs.
 * Refuses, by name, what cannot travel: pending results, functions made by a call, names that are not there.
 */
import { isKnownGlobal, originalGlobal } from '../code/globals.ts'
import { digestOf } from '../code/canonical.ts'
import { LabflowError } from '../model/errors.ts'
import { builtInExpression } from './built-in-values.ts'
import { orderDefinitions } from './definition-order.ts'
import { ownFields } from './own-fields.ts'
import type { RecordedDefinition } from '../code/contract.ts'
import type { ImportBinding } from '../model/run.ts'
import type { LiveCode, NameBinding, NameScope } from './contract.ts'

/** A name that captured code uses. `isGuarded`: only inside `typeof name`, so that it may be missing. */
export interface WantedName {
  name: string
  isGuarded: boolean
}

/** Everything captured code needs beside itself. */
export interface Closure {
  imports: ImportBinding[]
  /** In an order in which they can be evaluated. */
  definitions: RecordedDefinition[]
  values: Map<string, unknown>
  /** Data that hangs on definitions: name → field → value. */
  fields: Map<string, Record<string, unknown>>
}

/** Collects names and what they need. One is used for one capture. */
export class ClosureBuilder {
  private readonly imports = new Map<string, ImportBinding>()
  private readonly definitions = new Map<string, RecordedDefinition>()
  private readonly values = new Map<string, unknown>()
  private readonly fields = new Map<string, Record<string, unknown>>()
  private readonly seen = new Set<string>()
  private readonly scope: NameScope
  /** Names that the entry binds itself. */
  private readonly bound: ReadonlySet<string>
  /** Of these, the ones set before anything can ask for an older value. */
  private readonly fresh: ReadonlySet<string>
  /** Names that have no value yet when the entry starts: no input, only a variable. */
  readonly unset = new Set<string>()
  /** Of the bound names, the ones that captured definitions use: as in the notebook, both must mean one variable. */
  readonly shared = new Set<string>()

  constructor(scope: NameScope, bound: ReadonlySet<string> = new Set(), fresh: ReadonlySet<string> = new Set()) {
    this.scope = scope
    this.bound = bound
    this.fresh = fresh
  }

  /** @throws LabflowError CANNOT_CAPTURE naming the variable, who uses it, and what to do. */
  add(names: readonly WantedName[], usedBy: string | null = null): void {
    for (const { name, isGuarded } of names) {
      if (this.seen.has(name)) continue
      if (this.bound.has(name)) {
        if (usedBy === null) continue
        this.shared.add(name)
        if (!this.hasOldMeaning(name)) {
          this.addUnset(name)
          continue
        }
      }
      const isFound = this.resolve(name, usedBy, isGuarded)
      if (isFound) this.seen.add(name)
    }
  }

  /** A variable whose old value nobody reads, such as an output that is only assigned. */
  addUnset(name: string): void {
    if (this.seen.has(name)) return
    this.seen.add(name)
    this.unset.add(name)
    this.values.set(name, undefined)
  }

  has(name: string): boolean {
    return this.imports.has(name) || this.definitions.has(name) || this.values.has(name)
  }

  addImports(bindings: readonly ImportBinding[]): void {
    for (const binding of bindings) {
      this.seen.add(binding.local)
      this.imports.set(binding.local, binding)
    }
  }

  /** The data that hangs on the entry itself, a function that may read it by its own name. */
  addFieldsOfEntry(name: string, source: string): void {
    const binding = this.scope.lookup(name)
    const definition = binding.kind === 'task' ? binding.fingerprintSource : binding.kind === 'definition' ? binding.definition : null
    if (definition?.source.trim() !== source.trim()) return
    const fields = ownFields({ definition, value: (binding as LiveCode).value })
    if (Object.keys(fields).length > 0) this.fields.set(name, fields)
  }

  finish(): Closure {
    return { imports: [...this.imports.values()], definitions: orderDefinitions([...this.definitions.values()]), values: this.values, fields: this.fields }
  }

  private resolve(name: string, usedBy: string | null, isGuarded: boolean): boolean {
    const binding = this.scope.lookup(name)
    switch (binding.kind) {
      case 'import':
        this.imports.set(name, binding.binding)
        return true
      case 'definition':
        this.addDefinition(binding.definition, binding)
        return true
      case 'task':
        this.addDefinition({ ...binding.fingerprintSource, kind: binding.fingerprintSource.kind === 'data' ? 'const-function' : binding.fingerprintSource.kind }, binding)
        return true
      case 'pending': throw pendingError(name, binding.runShortId)
      case 'value': return this.resolveValue(name, binding, usedBy)
      case 'unknown': return this.resolveUnknown(name, usedBy, isGuarded)
    }
  }

  /** Whether a name that the entry binds stood for something before, which helpers could still see. */
  private hasOldMeaning(name: string): boolean {
    if (this.fresh.has(name)) return false
    const { kind } = this.scope.lookup(name)
    return kind === 'value' || kind === 'definition' || kind === 'task'
  }

  private addDefinition(definition: RecordedDefinition, live: LiveCode): void {
    this.seen.add(definition.name)
    const fields = ownFields({ definition, value: live.value, made: live.made })
    if (Object.keys(fields).length > 0) this.fields.set(definition.name, fields)
    this.definitions.set(definition.name, definition)
    const label = `${definition.kind === 'class' ? 'class' : 'function'} ${definition.name}`
    this.add(definition.freeNames.map((name) => ({ name, isGuarded: isGuardedIn(definition.source, name) })), label)
  }

  private resolveValue(name: string, binding: Extract<NameBinding, { kind: 'value' }>, usedBy: string | null): boolean {
    const { value } = binding
    if (isKnownGlobal(name) && (value === originalGlobal(name) || typeof value === 'function')) return true
    if (typeof value !== 'function') {
      this.values.set(name, value)
      return true
    }
    const expression = builtInExpression(value)
    if (expression === null) throw functionError(name, value as { name?: string }, usedBy)
    const source = `${name} = ${expression};`
    if (expression !== name) this.definitions.set(name, { name, kind: 'const-function', source, freeNames: [], digest: digestOf(source) })
    return true
  }

  private resolveUnknown(name: string, usedBy: string | null, isGuarded: boolean): boolean {
    if (isKnownGlobal(name)) return true
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
    if (descriptor && 'value' in descriptor) return this.resolveValue(name, { kind: 'value', value: descriptor.value as unknown }, usedBy)
    // A guarded use may stand beside a plain one elsewhere: it settles nothing.
    if (isGuarded) return false
    throw new LabflowError('CANNOT_CAPTURE', `\`${name}\` is not defined in the notebook${usedIn(usedBy)}. Run the cell that defines it first, or import it.`, { detail: { name, usedBy } })
  }
}

function isGuardedIn(source: string, name: string): boolean {
  if (!source.includes('typeof')) return false
  const word = name.replaceAll('$', '\\$')
  return new RegExp(`\\btypeof\\s+${word}(?![\\w$])`).test(source)
}

function pendingError(name: string, runShortId: string): LabflowError {
  const text = `\`${name}\` is still being made by run ${runShortId}. Wait for it (%wait ${runShortId}), then run this again.`
  return new LabflowError('CANNOT_CAPTURE', text, { detail: { name, runShortId } })
}

function functionError(name: string, value: { name?: string }, usedBy: string | null): LabflowError {
  const called = value.name && value.name !== name ? ` (${value.name})` : ''
  const text = `\`${name}\`${called} is a function${usedIn(usedBy)} that a call made, so its source alone does not hold what it closes over. Declare it at the top level of a cell (function ${name}(…) {…}), or import it and use it there.`
  return new LabflowError('CANNOT_CAPTURE', text, { detail: { name, usedBy } })
}

function usedIn(usedBy: string | null): string {
  return usedBy === null ? '' : `, used in ${usedBy}`
}
