/**
 * Owns a notebook without a session for tests of capture: cells are analysed, their definitions recorded, values given by hand;
 * and a worker without a process, which evaluates a bundle as a real one does.
 */
import { captureCell } from '../../../src/capture/capture-cell.ts'
import { analyzeCell } from '../../../src/code/cell-analysis.ts'
import { decodeValue } from '../../../src/values/codec.ts'
import type { CellCaptureRequest } from '../../../src/capture/capture-cell.ts'
import type { Capture, NameBinding, NameScope } from '../../../src/capture/contract.ts'
import type { RecordedDefinition } from '../../../src/code/contract.ts'
import type { ImportBinding, RunInputs } from '../../../src/model/run.ts'

export class TestNotebook implements NameScope {
  folder: string
  readonly values = new Map<string, unknown>()
  private readonly recorded = new Map<string, RecordedDefinition>()
  private readonly imports = new Map<string, ImportBinding>()
  private readonly pending = new Map<string, string>()

  constructor(folder = '/nowhere') {
    this.folder = folder
  }

  /** Records cells; data get the values given. */
  cells(sources: string[], values: Record<string, unknown> = {}): this {
    for (const source of sources) {
      const analysis = analyzeCell(source)
      for (const binding of analysis.imports) this.imports.set(binding.local, binding)
      for (const definition of analysis.definitions) this.recorded.set(definition.name, definition)
    }
    for (const [name, value] of Object.entries(values)) this.values.set(name, value)
    return this
  }

  markPending(name: string, runShortId: string): this {
    this.pending.set(name, runShortId)
    return this
  }

  definitions(): Iterable<RecordedDefinition> {
    return this.recorded.values()
  }

  lookup(name: string): NameBinding {
    const runShortId = this.pending.get(name)
    if (runShortId) return { kind: 'pending', runShortId }
    const binding = this.imports.get(name)
    if (binding) return { kind: 'import', binding }
    const definition = this.recorded.get(name)
    if (definition?.madeBy) return { kind: 'task', fingerprintSource: definition }
    if (definition && definition.kind !== 'data') return { kind: 'definition', definition }
    return this.values.has(name) ? { kind: 'value', value: this.values.get(name) } : { kind: 'unknown' }
  }

  capture(source: string, more: Partial<CellCaptureRequest> = {}): Promise<Capture & { outputs: string[] }> {
    return captureCell({ analysis: analyzeCell(source), scope: this, filename: '/nowhere/cell-1.ts', ...more })
  }

  async key(source: string, more: Partial<CellCaptureRequest> = {}): Promise<string> {
    return (await this.capture(source, more)).cacheKey
  }
}

type AsyncBody = (inputs: RunInputs, imported: Record<string, unknown>) => Promise<{ value: unknown; outputs: Record<string, unknown> }>
const AsyncFunction = (async () => {}).constructor as new (...text: string[]) => AsyncBody

/** Runs a captured cell or function: imports, definitions, values, entry, in one async scope. */
export async function runBundle(capture: Capture, codec: CellCaptureRequest['codec'] = {}): Promise<{ value: unknown; outputs: Record<string, unknown> }> {
  const { imports, definitions, entry } = capture.code
  const inputs = decodeValue(capture.inputs, codec) as RunInputs
  const imported: Record<string, unknown> = {}
  for (const { local, imported: exported, specifier } of imports) {
    const module = (await import(specifier)) as Record<string, unknown>
    imported[local] = exported === '*' ? module : module[exported]
  }
  const assigned = definitions.filter((definition) => /^[\p{ID_Start}$_][\p{ID_Continue}$]* = /u.test(definition.source)).map((definition) => definition.name)
  const lines = [
    '"use strict";',
    ...imports.map(({ local }) => `const ${local} = imported[${JSON.stringify(local)}];`),
    ...Object.keys(inputs.captured).map((name) => `let ${name} = inputs.captured[${JSON.stringify(name)}];`),
    ...assigned.map((name) => `let ${name};`),
    ...definitions.map((definition) => definition.source),
  ]
  if (entry.kind === 'cell') lines.push('let $value;', '{', entry.source, `return { value: $value, outputs: { ${entry.outputs.join(', ')} } }; }`)
  else if (entry.kind === 'function') lines.push(`return { value: await (${entry.source})(...inputs.args), outputs: {} };`)
  return new AsyncFunction('inputs', 'imported', lines.join('\n'))(inputs, imported)
}
