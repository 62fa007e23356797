/**
 * Owns the fingerprint of captured code and the cache key made of it: equal work has equal keys, whatever cell it stood in;
 * any change of code, module, package, Node major, working folder or input changes the key. Comments, formatting and types do not count.
 */
import { createHash } from 'node:crypto'
import { relative } from 'node:path'
import { digestOf } from '../code/canonical.ts'
import { moduleRequests } from '../code/parse.ts'
import { addFile, addModuleParts } from './module-graph.ts'
import type { CodeBundle, ImportBinding } from '../model/run.ts'
import type { RecordedDefinition } from '../code/contract.ts'
import type { FingerprintParts } from './module-graph.ts'

/** What a fingerprint is made of. */
export interface FingerprintSource {
  entry: CodeBundle['entry']
  imports: readonly ImportBinding[]
  definitions: readonly RecordedDefinition[]
  folder: string
}

/** The fingerprint (sha256 hex) and its parts by label, which say what changed when a key differs. */
export function closureFingerprint(source: FingerprintSource): { fingerprint: string; parts: Record<string, string> } {
  const parts: FingerprintParts = { [`node ${process.versions.node.split('.')[0]}`]: sha256(process.versions.node.split('.')[0]!) }
  // Relative paths in the code mean other files elsewhere. Said relatively, so that a project may move.
  const place = relative(source.folder, process.cwd())
  if (place !== '') parts['working folder'] = sha256(place)
  addEntry(parts, source)
  for (const definition of source.definitions) {
    parts[`${labelOfKind(definition)} ${definition.name}`] = definition.digest
    addDynamicImports(parts, definition.source, source.folder)
  }
  for (const [specifier, bindings] of bindingsBySpecifier(source.imports)) {
    parts[`names from ${specifier}`] = sha256(bindings.join('\n'))
    addModuleParts(parts, specifier, source.folder, source.folder)
  }
  const lines = Object.entries(parts).map(([label, digest]) => `${label}\u0000${digest}`).sort()
  return { fingerprint: sha256(lines.join('\n')), parts }
}

/** The key of a piece of work: sha256 hex over its fingerprint, the digest of each input, and how the inputs are joined. */
export function cacheKeyOf(fingerprint: string, inputDigests: Readonly<Record<string, string>>, structure: string): string {
  const inputs = Object.entries(inputDigests).map(([name, digest]) => `${JSON.stringify(name)}=${digest}`).sort()
  return sha256([fingerprint, structure, ...inputs].join('\n'))
}

function addEntry(parts: FingerprintParts, { entry, folder }: FingerprintSource): void {
  if (entry.kind === 'module') {
    parts[`${entry.runKind} ${entry.taskName}`] = sha256(entry.taskName)
    return addFile(parts, entry.path, folder)
  }
  if (entry.kind === 'cell') {
    parts.cell = digestOf(entry.source)
    parts.outputs = sha256([...entry.outputs].sort().join('\n'))
  } else parts.function = digestOf(`(${entry.source})`)
  addDynamicImports(parts, entry.kind === 'cell' ? entry.source : `(${entry.source})`, folder)
}

function addDynamicImports(parts: FingerprintParts, source: string, folder: string): void {
  if (!/\b(import|require)\s*\(/.test(source)) return
  for (const specifier of moduleRequests(source)) addModuleParts(parts, specifier, folder, folder)
}

function bindingsBySpecifier(imports: readonly ImportBinding[]): Map<string, string[]> {
  const bySpecifier = new Map<string, string[]>()
  for (const { local, imported, specifier, attributes } of imports) {
    const lines = bySpecifier.get(specifier) ?? []
    lines.push(`${imported} as ${local}${attributes ? ` with ${JSON.stringify(attributes)}` : ''}`)
    bySpecifier.set(specifier, lines.sort())
  }
  return bySpecifier
}

function labelOfKind(definition: RecordedDefinition): string {
  return definition.madeBy ?? (definition.kind === 'const-function' ? 'function' : definition.kind)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
