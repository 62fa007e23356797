/**
 * Owns telling which import gives a value: `fs` of `await import('node:fs')`, `existsSync` of it, a class of a package.
 * Looks only in modules that the run's code names, and in Node's own.
 */
import { builtinModules } from 'node:module'
import { moduleRequests } from '../code/parse.ts'
import type { CodeBundle, RunResult } from '../model/run.ts'

type Binding = NonNullable<RunResult['imports']>[string]
type Namespace = Record<string, unknown>

export class ImportFinder {
  readonly #code: CodeBundle
  readonly #load: (specifier: string) => Promise<Namespace>
  #modules: Promise<[specifier: string, namespace: Namespace][]> | null = null

  /** Looks at nothing before the first question: most results are plain data. */
  constructor(code: CodeBundle, load: (specifier: string) => Promise<Namespace>) {
    this.#code = code
    this.#load = load
  }

  /** The import of a module, function, class or object; null when none of the modules gives it. */
  async find(value: unknown): Promise<Binding | null> {
    for (const [specifier, namespace] of await (this.#modules ??= this.#loadModules())) {
      const imported = exportOf(namespace, value)
      if (imported !== null) return { specifier, imported }
    }
    if (typeof value !== 'function' && typeof value !== 'object') return null
    for (const name of builtinModules) {
      if (name.startsWith('_') || QUIET_ONLY.has(name)) continue
      const exports = (process as unknown as { getBuiltinModule(name: string): Namespace | undefined }).getBuiltinModule(name)
      if (exports === undefined) continue
      if (exports === value) return { specifier: `node:${name}`, imported: 'default' }
      const imported = exportOf(exports, value)
      if (imported !== null) return { specifier: `node:${name}`, imported }
    }
    return null
  }

  /** Imports again, which costs nothing, what the code imported. */
  async #loadModules(): Promise<[string, Namespace][]> {
    const { definitions, entry, imports } = this.#code
    const sources = [...definitions.map((definition) => definition.source), ...(entry.kind === 'module' ? [] : [asStatement(entry)])]
    const named = sources.filter((source) => /\b(import|require)\s*\(/.test(source)).flatMap((source) => moduleRequests(source))
    const specifiers = [...new Set([...imports.map((binding) => binding.specifier), ...named])]
    const loaded = await Promise.all(specifiers.map(async (specifier): Promise<[string, Namespace] | null> => {
      try {
        return [specifier, await this.#load(specifier)]
      } catch {
        return null // a specifier in a branch that never ran
      }
    }))
    return loaded.filter((entry) => entry !== null)
  }
}

/** Modules that print a warning when they are touched. */
const QUIET_ONLY = new Set(['punycode', 'sys', 'wasi', 'sqlite', 'node:sqlite', 'node:sea', 'node:test', 'node:test/reporters', 'inspector', 'inspector/promises', 'trace_events', 'repl', 'domain'])

function exportOf(namespace: Namespace, value: unknown): string | null {
  if (namespace === value) return '*'
  for (const name of Object.keys(namespace)) {
    const descriptor = Object.getOwnPropertyDescriptor(namespace, name)
    if (descriptor !== undefined && 'value' in descriptor && descriptor.value === value && name !== 'module.exports') return name
  }
  // Names that Node's scan of a CommonJS module missed.
  const whole = namespace.default
  if ((typeof whole !== 'object' && typeof whole !== 'function') || whole === null) return null
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(whole))) if ('value' in descriptor && descriptor.value === value && name !== 'prototype') return name
  return null
}

function asStatement(entry: Exclude<CodeBundle['entry'], { kind: 'module' }>): string {
  return entry.kind === 'function' ? `(${entry.source})` : entry.source
}
