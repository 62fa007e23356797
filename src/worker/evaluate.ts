/**
 * Owns running the code of a bundle in this process: cell, function or module entry, until its value and outputs are there.
 */
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { constants, Script } from 'node:vm'
import { putFields } from '../capture/own-fields.ts'
import { makeTask } from '../api/make-tasks.ts'
import type { CodeBundle, Definition, RunInputs } from '../model/run.ts'
import { pickExport } from '../modules/pick-export.ts'
import { bundleScript } from './bundle-script.ts'
import type { ScriptHost } from './bundle-script.ts'
import type { EntrySource, HelperPlace } from './error-record.ts'
import { loadModuleTask } from './module-entry.ts'
import type { NotebookNames } from './notebook-names.ts'

/** What an entry gave. `outputs` is empty except for a cell. */
export interface Evaluated {
  value: unknown
  outputs: Record<string, unknown>
}

/** What the evaluation needs from the attempt. */
export interface EvaluationHost {
  names: NotebookNames
  /** Names of the captured values, known before they are decoded. */
  capturedNames: string[]
  /** Decodes the inputs; notebook classes are there by then. */
  decodeInputs(): RunInputs
  /** Captured values that need no class of the notebook. */
  plainInputs: Record<string, unknown>
  /** URL of a local file in its present content version. */
  urlOf(path: string): string
  /** Names of the captured values that hold instances of notebook classes. */
  instanceNames: string[]
  /** Names of the code that travels with data hung on it. */
  dressedNames: string[]
  /** Told where the helpers that travelled stand in the script. */
  onHelpers(helpers: readonly HelperPlace[]): void
  /** Runs user code as part of the run. */
  enter<T>(body: () => T): T
}

/** Notebook code of a bundle, for reading stack traces; null for a module. */
export function entrySource(code: CodeBundle): EntrySource | null {
  if (code.entry.kind === 'module') return null
  const { filename, source, typed } = code.entry
  return { filename, lines: source.split('\n'), typed: typed ?? null, helpers: [] }
}

/** Evaluates a bundle. Rejects with whatever the user's code threw. */
export async function evaluate(code: CodeBundle, host: EvaluationHost): Promise<Evaluated> {
  if (code.entry.kind === 'module') {
    const body = await loadModuleTask(code.entry.path, host.urlOf(code.entry.path), code.entry.taskName, code.entry.runKind)
    const { args } = host.decodeInputs()
    return { value: await host.enter(() => body(...args)), outputs: {} }
  }
  const { text, leadingLines, helpers } = bundleScript(code, host.capturedNames, host.instanceNames, host.dressedNames)
  host.onHelpers(helpers)
  const { filename } = code.entry
  const script = new Script(`(require, __filename, __dirname) => ${text}`, {
    filename,
    lineOffset: -leadingLines,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
  let inputs: RunInputs | null = null
  /** Instances of classes that need another instance to be made are decoded before their class is there. */
  const placeholders = new Map<string, new () => object>()
  const scriptHost: ScriptHost = {
    load: (specifier, attributes) => importFrom(filename, specifier, attributes),
    pick: pickExport,
    plain: host.plainInputs,
    capture: (classes, lateClasses) => {
      for (const name of lateClasses) placeholders.set(name, class {})
      host.names.expose(Object.fromEntries([...Object.entries(classes), ...placeholders].map(([name, value]) => [name, () => value])))
      inputs = host.decodeInputs()
      return inputs.captured
    },
    adopt: (classes) => {
      for (const [name, value] of Object.entries(classes)) {
        const { prototype } = placeholders.get(name)!
        Object.setPrototypeOf(prototype, (value as { prototype: object }).prototype)
        Object.defineProperty(prototype, 'constructor', { value, writable: true, enumerable: false, configurable: true })
      }
    },
    dress: (values) => {
      for (const [name, value] of Object.entries(values)) putFields(value, inputs?.fields?.[name] ?? {})
    },
    task: (name, value) => {
      const { madeInto } = code.definitions.find((definition) => definition.name === name) as Definition & Required<Pick<Definition, 'madeInto'>>
      return makeTask({ value, definition: null, name, taskName: madeInto.name, kind: madeInto.kind, options: madeInto.options, filename })
    },
    expose: (readers) => host.names.expose(readers),
    enter: (call) => host.enter(call),
  }
  const run = (script.runInThisContext() as (...scope: unknown[]) => (host: ScriptHost) => Promise<unknown>)(
    createRequire(filename), filename, dirname(filename),
  )
  const result = await host.enter(() => run(scriptHost))
  if (code.entry.kind === 'cell') return result as Evaluated
  if (typeof result !== 'function') throw new TypeError(`The code of this run is no function but ${typeof result}.`)
  const { args, fields } = inputs as unknown as RunInputs
  const own = fields?.[result.name]
  if (own !== undefined) putFields(result, own)
  return { value: await host.enter(() => (result as (...args: unknown[]) => unknown)(...args)), outputs: {} }
}

/** Imports as code in `filename` would: a script of that name asks, so that relative paths and hooks apply. */
export function importFrom(filename: string, specifier: string, attributes?: Record<string, string>): Promise<Record<string, unknown>> {
  const words = attributes === undefined ? '' : `, { with: ${JSON.stringify(attributes)} }`
  const script = new Script(`import(${JSON.stringify(specifier)}${words})`, { filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  return script.runInThisContext() as Promise<Record<string, unknown>>
}
