/**
 * Owns the script text of a code bundle: one async function whose scope holds imports, definitions and captured values, and inside it the entry.
 * Refuses globalThis: nothing of a run outlives it there.
 */
import type { CodeBundle, Definition, ImportBinding } from '../model/run.ts'

/** What the script calls: handed in as `$run`. */
export interface ScriptHost {
  /** Imports one module; a missing one names itself. */
  load(specifier: string, attributes?: Record<string, string>): Promise<Record<string, unknown>>
  /** After functions and classes exist: decodes the captured values, by name. */
  capture(classes: Record<string, unknown>): Record<string, unknown>
  /** Live view of the outer scope and of the entry's own names, for tasks made inside. */
  expose(readers: Record<string, () => unknown>): void
  /** Runs the statements of a cell as part of the run. */
  enter(call: () => unknown): unknown
}

/** Script text, and how many of its lines come before the entry's first. */
export interface BundleScript {
  text: string
  leadingLines: number
}

/** Script of a `cell` or `function` entry: evaluates to `async ($run) => result`. */
export function bundleScript(code: CodeBundle, capturedNames: readonly string[]): BundleScript {
  const imports = code.imports.map(importLine)
  const fixed = code.definitions.filter((definition) => !isMadeByCall(definition))
  const made = code.definitions.filter(isMadeByCall)
  const importedNames = new Set(code.imports.map((binding) => binding.local))
  const bound = new Set([...importedNames, ...code.definitions.map((definition) => definition.name), ...capturedNames])
  const outputs = code.entry.kind === 'cell' ? code.entry.outputs : []
  const loose = outputs.filter((name) => !bound.has(name))
  const classes = code.definitions.filter((definition) => definition.kind === 'class').map((definition) => definition.name)
  const head = [
    '(async ($run) => { "use strict";',
    ...imports,
    declare([...fixed, ...made].filter(needsDeclaration).map((definition) => definition.name)),
    declare([...capturedNames, ...loose]),
    ...fixed.map(statement),
    `{ const $captured = $run.capture({ ${[...classes, ...importedNames].filter(Boolean).join(', ')} }); ${capturedNames.map((name) => `${name} = $captured[${JSON.stringify(name)}];`).join(' ')} }`,
    ...made.map(statement),
    `$run.expose({ ${readers([...bound])} });`,
  ].join('\n')
  const [opening, closing] = entryFrame(code.entry)
  const leading = `${head}\n${opening}\n`
  return { text: `${leading}${code.entry.kind === 'module' ? '' : code.entry.source}\n${closing}\n})`, leadingLines: leading.split('\n').length - 1 }
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
  return `const $module${index} = ${module}; const ${binding.local} = $module${index}[${JSON.stringify(binding.imported)}];`
}

function declare(names: string[]): string {
  const unique = [...new Set(names)]
  return unique.length === 0 ? '' : `let ${unique.join(', ')};`
}

/** `f = …` needs a declaration before it; `function f`, `class C`, `var E` declare themselves. */
function needsDeclaration(definition: Definition): boolean {
  return !/^\s*(async\s+function\b|function\b|class\b|var\b|let\b|const\b)/.test(definition.source)
}

/** `embed = task(…)`: a call that may need captured values, unlike a function or class. */
function isMadeByCall(definition: Definition): boolean {
  return /^\s*[\w$]+\s*=\s*(?!async\b|function\b|class\b)[\w$.]+\s*\(/.test(definition.source)
}

function statement(definition: Definition): string {
  return `${definition.source.trimEnd().replace(/;?$/, ';')}`
}

function readers(names: readonly string[]): string {
  return [...new Set(names)].filter(Boolean).map((name) => `${JSON.stringify(name)}: () => ${name}`).join(', ')
}
