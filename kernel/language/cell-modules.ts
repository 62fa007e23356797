/**
 * Owns the cells that ran, each as a module of its own that imports the newest definition of what it names, so that re-declaring with another type works
 * and old types stay. Refuses to keep a module that no name and no other module needs.
 */
import { type CellStatement, cellStatements, wordsOf } from './cell-names.ts'
import { declarationText } from './declarations.ts'
import { DOCUMENT_PREFIX } from './project.ts'

const OWN_FILE = new RegExp(`${DOCUMENT_PREFIX}\\d+(?:\\.ts)?`, 'g')

/** One earlier cell. */
export interface CellModule {
  file: string
  source: string
  statements: CellStatement[]
  /** Module text now: the source at first, its declarations once types are printed. */
  text: string
  /** Files that printed types in the text name. */
  namedFiles: readonly string[]
  /** Printed types by name; null until the engine gave them. */
  types: ReadonlyMap<string, string> | null
  /** The definitions that were newest when the cell ran, by name. */
  scope: ReadonlyMap<string, NewestName>
  /** Names the cell declares, imports included. */
  own: ReadonlySet<string>
  /** Declares for the whole program, so it is never forgotten. */
  isAmbient: boolean
}

/** Where a name of the notebook is declared. */
export interface NewestName {
  module: CellModule
  isMutable: boolean
}

/** The notebook's names and the modules behind them. */
export class CellModules {
  private readonly newest = new Map<string, NewestName>()
  private readonly modules = new Set<CellModule>()
  private readonly byFile = new Map<string, CellModule>()
  private nextNumber = 1

  /** Adds a cell that ran; null when it declares nothing. `declared` names what analysis found below the top level, such as a `var` in a block. */
  add(source: string, declared: readonly string[]): CellModule | null {
    const statements = cellStatements(source)
    if (!statements) return null
    const own = new Set([...statements.flatMap(({ names }) => names), ...declared])
    // `declare global` and `declare module 'x'` name nothing and hold for every later cell.
    const isAmbient = statements.some(({ kind, names }) => kind === 'kept' && names.length === 0)
    if (own.size === 0 && !isAmbient) return null
    const scope = new Map<string, NewestName>()
    for (const word of wordsOf(source)) {
      const known = own.has(word) ? undefined : this.newest.get(word)
      if (known) scope.set(word, known)
    }
    const module: CellModule = { file: `${DOCUMENT_PREFIX}${this.nextNumber++}.ts`, source, statements, text: '', namedFiles: [], types: null, scope, own, isAmbient }
    module.text = moduleText(module, source)
    const mutable = new Set(statements.filter(({ isMutable }) => isMutable).flatMap(({ names }) => names))
    const top = new Set(statements.flatMap(({ names }) => names))
    for (const name of own) this.newest.set(name, { module, isMutable: mutable.has(name) || !top.has(name) })
    this.modules.add(module)
    this.byFile.set(module.file, module)
    return module
  }

  /** The short form of a cell whose types were printed. */
  shortForm(module: CellModule, types: ReadonlyMap<string, string>): string {
    const hasHiddenNames = module.own.size > new Set(module.statements.flatMap(({ names }) => names)).size
    return moduleText(module, declarationText(module.source, module.statements, types, hasHiddenNames), true)
  }

  /** One line that declares the earlier names a text uses, ending in a line feed, and the modules it takes. `own` are names the text declares itself. */
  prelude(words: Iterable<string>, own: ReadonlySet<string>): { text: string; modules: Set<CellModule> } {
    const used = new Map<string, NewestName>()
    for (const word of words) {
      const known = own.has(word) ? undefined : this.newest.get(word)
      if (known) used.set(word, known)
    }
    return { text: scopeText(used) + '\n', modules: this.withNeeded([...used.values()].map(({ module }) => module)) }
  }

  /** Names of the notebook that begin with `prefix`. */
  namesWith(prefix: string): string[] {
    return [...this.newest.keys()].filter((name) => name.startsWith(prefix))
  }

  find(name: string): CellModule | null {
    return this.newest.get(name)?.module ?? null
  }

  /** Whether nothing needs this module any more. */
  isForgotten(module: CellModule): boolean {
    return !this.modules.has(module)
  }

  /** Forgets and returns the modules that nothing needs any more. */
  takeUnused(): CellModule[] {
    const needed = this.withNeeded([...this.newest.values()].map(({ module }) => module))
    const unused = [...this.modules].filter((module) => !needed.has(module))
    for (const module of unused) {
      this.modules.delete(module)
      this.byFile.delete(module.file)
    }
    return unused
  }

  /** The given modules, those that declare for the whole program, and every module that these import, directly or not. */
  withNeeded(modules: readonly CellModule[]): Set<CellModule> {
    const needed = new Set<CellModule>()
    const waiting = [...modules, ...[...this.modules].filter(({ isAmbient }) => isAmbient)]
    for (let module = waiting.pop(); module; module = waiting.pop()) {
      if (needed.has(module)) continue
      needed.add(module)
      for (const { module: other } of module.scope.values()) waiting.push(other)
      // A printed type may name the type of a module that the cell's own text does not.
      for (const file of module.namedFiles) {
        const named = this.byFile.get(file)
        if (named) waiting.push(named)
      }
    }
    return needed
  }
}

/** Files of ours that a module text names, by whatever ending. */
export function namedFiles(text: string): string[] {
  return [...new Set(text.match(OWN_FILE) ?? [])].map((word) => (word.endsWith('.ts') ? word : `${word}.ts`))
}

function moduleText(module: CellModule, body: string, isShort = false): string {
  const words = wordsOf(body)
  const used = isShort ? new Map([...module.scope].filter(([name]) => words.has(name))) : module.scope
  if (isShort) module.scope = used
  const exported = new Set(isShort ? [] : module.statements.filter(({ isExported }) => isExported).flatMap(({ names }) => names))
  const names = [...module.own].filter((name) => !exported.has(name))
  return `${scopeText(used)}\n${body}\nexport { ${names.join(', ')} }\n`
}

/** Imports keep a constant's literal type widening; what may be assigned must not be an import. */
function scopeText(used: ReadonlyMap<string, NewestName>): string {
  const imports = new Map<string, string[]>()
  let text = ''
  for (const [name, { module, isMutable }] of used) {
    if (isMutable) text += `declare let ${name}: typeof import('./${module.file}').${name};`
    else imports.set(module.file, [...(imports.get(module.file) ?? []), name])
  }
  for (const [file, names] of imports) text += `import { ${names.join(', ')} } from './${file}';`
  return text
}
