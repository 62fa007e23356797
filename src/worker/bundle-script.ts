/**
 * Owns the script text of a code bundle: one async function whose scope holds imports, captured values and definitions, and inside it the entry.
 * Refuses globalThis: nothing of a run outlives it there.
 *
 * A definition may use values while it is made (`static scale = factor`), and a value may need a class (an instance): plain values come first,
 * then definitions, then the instances, and last the definitions that need an instance at once.
 */
import { namesNeededAtOnce } from '../capture/definition-order.ts'
import type { CodeBundle, Definition, ImportBinding } from '../model/run.ts'
import type { HelperPlace } from './error-record.ts'

/** What the script calls: handed in as `$run`. */
export interface ScriptHost {
  /** Imports one module; a missing one names itself. */
  load(specifier: string, attributes?: Record<string, string>): Promise<Record<string, unknown>>
  /** One export of a module. @throws SyntaxError when there is none. */
  pick(module: Record<string, unknown>, name: string, specifier: string): unknown
  /** Captured values by name, without those that hold instances of notebook classes. */
  readonly plain: Record<string, unknown>
  /** After functions and classes exist: decodes the captured values, by name. */
  capture(classes: Record<string, unknown>, lateClasses: string[]): Record<string, unknown>
  /** The late classes are there now: instances made before become theirs. */
  adopt(classes: Record<string, unknown>): void
  /** Gives code that was made from its text the data that hung on it. */
  dress(code: Record<string, unknown>): void
  /** The task or flow that a function of the notebook had become. */
  task(name: string, body: unknown): unknown
  /** Live view of the outer scope and of the entry's own names, for tasks made inside. */
  expose(readers: Record<string, () => unknown>): void
  /** Runs the statements of a cell as part of the run. */
  enter(call: () => unknown): unknown
}

/** Script text, how many of its lines come before the entry's first, and the helpers among these. */
export interface BundleScript {
  text: string
  leadingLines: number
  helpers: HelperPlace[]
}

/** Script of a `cell` or `function` entry: evaluates to `async ($run) => result`. */
export function bundleScript(code: CodeBundle, capturedNames: readonly string[], instanceNames: readonly string[] = [], dressedNames: readonly string[] = []): BundleScript {
  const importedNames = code.imports.map((binding) => binding.local)
  const bound = new Set([...importedNames, ...code.definitions.map((definition) => definition.name), ...capturedNames])
  const outputs = code.entry.kind === 'cell' ? code.entry.outputs : []
  const late = lateDefinitions(code.definitions, instanceNames)
  const early = code.definitions.filter((definition) => !late.has(definition))
  const classes = early.filter((definition) => definition.kind === 'class').map((definition) => definition.name)
  const lateClasses = [...late].filter((definition) => definition.kind === 'class').map((definition) => definition.name)
  const head = new ScriptLines()
  head.add('(async ($run) => { "use strict";')
  code.imports.forEach((binding, index) => head.add(importLine(binding, index)))
  head.add(declare([...capturedNames, ...outputs.filter((name) => !bound.has(name))]))
  head.add(assign(capturedNames.filter((name) => !instanceNames.includes(name)), '$run.plain'))
  head.add(declare(code.definitions.filter(needsDeclaration).map((definition) => definition.name)))
  for (const definition of early) head.addDefinition(definition)
  head.add(`{ const $captured = $run.capture({ ${[...new Set([...classes, ...importedNames])].filter(Boolean).join(', ')} }, ${JSON.stringify(lateClasses)}); ${assign(instanceNames.length > 0 ? capturedNames : [], '$captured')} }`)
  head.add(dress(early.filter((definition) => !definition.madeInto), dressedNames))
  for (const definition of late) head.addDefinition(definition)
  if (lateClasses.length > 0) head.add(`$run.adopt({ ${lateClasses.join(', ')} });`)
  head.add(code.definitions.filter((definition) => definition.madeInto).map(({ name }) => `${name} = $run.task(${JSON.stringify(name)}, ${name});`).join(' '))
  head.add(dress(code.definitions.filter((definition) => definition.madeInto || late.has(definition)), dressedNames))
  head.add(`$run.expose({ ${readers([...bound])} });`)
  const [opening, closing] = entryFrame(code.entry)
  head.add(opening)
  const leadingLines = head.count
  const helpers = head.helpers.map((helper) => ({ ...helper, firstLine: helper.firstLine - leadingLines }))
  return { text: `${head.text}${code.entry.kind === 'module' ? '' : code.entry.source}\n${closing}\n})`, leadingLines, helpers }
}

/** The head of the script, with the lines on which each helper stands. */
class ScriptLines {
  text = ''
  count = 0
  readonly helpers: HelperPlace[] = []

  add(text: string): void {
    this.text += `${text}\n`
    this.count += text.split('\n').length
  }

  addDefinition(definition: Definition): void {
    const text = definition.source.trimEnd().replace(/;?$/, ';')
    if (definition.typed) this.helpers.push({ firstLine: this.count + 1, count: text.split('\n').length, typed: definition.typed })
    this.add(text)
  }
}

function entryFrame(entry: CodeBundle['entry']): [opening: string, closing: string] {
  if (entry.kind === 'module') return ['', '']
  if (entry.kind === 'function') return ['return (', ')']
  const own = `$run.expose({ ${readers(entry.outputs)} });`
  const results = entry.outputs.map((name) => `${JSON.stringify(name)}: ${name}`).join(', ')
  return [`let $value; return $run.enter(async () => { ${own}`, `;return { value: await $value, outputs: { ${results} } } })`]
}

function importLine(binding: ImportBinding, index: number): string {
  const words = [binding.specifier, ...(binding.attributes ? [binding.attributes] : [])].map((word) => JSON.stringify(word)).join(', ')
  const module = `await $run.load(${words})`
  if (binding.local === '') return `${module};`
  if (binding.imported === '*') return `const ${binding.local} = ${module};`
  return `const $module${index} = ${module}; const ${binding.local} = $run.pick($module${index}, ${JSON.stringify(binding.imported)}, ${JSON.stringify(binding.specifier)});`
}

function declare(names: string[]): string {
  const unique = [...new Set(names)]
  return unique.length === 0 ? '' : `let ${unique.join(', ')};`
}

function assign(names: readonly string[], from: string): string {
  return names.map((name) => `${name} = ${from}[${JSON.stringify(name)}];`).join(' ')
}

function dress(definitions: readonly Definition[], dressedNames: readonly string[]): string {
  const names = definitions.map(({ name }) => name).filter((name) => dressedNames.includes(name))
  return names.length === 0 ? '' : `$run.dress({ ${names.join(', ')} });`
}

/** `f = …` needs a declaration before it; `function f`, `class C`, `var E` declare themselves. */
function needsDeclaration(definition: Definition): boolean {
  return !/^\s*(async\s+function\b|function\b|class\b|var\b|let\b|const\b)/.test(definition.source)
}

/** `embed = task(…)`: a call that may need captured values, unlike a function or class. */
function isMadeByCall(definition: Definition): boolean {
  return /^\s*[\w$]+\s*=\s*(?!async\b|function\b|class\b)[\w$.]+\s*\(/.test(definition.source)
}

/** Definitions that use an instance while they are made, and those that need one of these at once; calls of task() come after every value. */
function lateDefinitions(definitions: readonly Definition[], instanceNames: readonly string[]): Set<Definition> {
  const late = new Set<Definition>()
  const missing = new Set(instanceNames)
  for (const definition of definitions) {
    const isLate = isMadeByCall(definition) || ([...missing].some((name) => definition.source.includes(name)) && namesNeededAtOnce(definition).some((name) => missing.has(name)))
    if (!isLate) continue
    late.add(definition)
    missing.add(definition.name)
  }
  return late
}

function readers(names: readonly string[]): string {
  return [...new Set(names)].filter(Boolean).map((name) => `${JSON.stringify(name)}: () => ${name}`).join(', ')
}
