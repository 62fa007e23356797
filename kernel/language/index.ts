/**
 * Owns what a notebook asks about types: completion, inspection, diagnostics. Composes the engine with the modules of earlier cells.
 * Refuses to throw or to hold a cell up: when the engine is lost, answers are empty and the next question starts it again.
 */
import type { CellAnalysis } from '../../src/code/contract.ts'
import type { CompletionAnswer, Diagnostic, LanguagePort } from '../contract.ts'
import { type CellModule, CellModules, namedFiles } from './cell-modules.ts'
import { declaredNames, wordsOf } from './cell-names.ts'
import { completionAnswer, type EngineCompletion, noCompletions, typedPrefix } from './completion.ts'
import { cellDiagnostics, type EngineDiagnostic } from './diagnostics.ts'
import { type EnginePosition, TypeEngine } from './engine.ts'
import { type EngineHover, type EngineSignatureHelp, type Inspection, inspectionOfHover, inspectionOfSignature } from './hover.ts'
import { LocalFiles } from './local-files.ts'
import { CELL_DOCUMENT, projectConfig, ROOTS_DOCUMENT } from './project.ts'
import { readable } from './readable.ts'
import { Turns } from './turns.ts'

/** A completion takes at most so many names of earlier cells, the newest: each may bring a module in. */
const MOST_EARLIER_NAMES = 200
/** A cell up to so many characters stays as it is: its declarations would be as long, and finding them takes the engine 10 ms. */
const SHORT_ENOUGH = 240

export { formatDiagnostic, type FormatOptions } from './diagnostics.ts'

/** Options of {@link createLanguage}. */
export interface LanguageOptions {
  /** The notebook's folder, absolute. */
  folder: string
  /** Told once for each failure of the engine, in words for a log. */
  onFailure?(message: string): void
}

/** The language port with what tests and `%config` want to know of its engine. */
export interface Language extends LanguagePort {
  /** Process id of the engine; null while it does not run. */
  readonly engineProcessId: number | null
  /** Resolves when every cell so far has its short form. */
  settled(): Promise<void>
}

/** Makes the language side of one notebook. Starts no process before the first question. */
export function createLanguage(options: LanguageOptions): Language {
  return new NotebookLanguage(options)
}

class NotebookLanguage implements Language {
  private readonly engine: TypeEngine
  private readonly cells = new CellModules()
  private readonly files: LocalFiles
  /** Modules that the running engine has. */
  private readonly opened = new Set<CellModule>()
  private readonly turns = new Turns()
  private readonly onFailure: (message: string) => void
  private isClosed = false
  private lastFailure = ''

  constructor({ folder, onFailure }: LanguageOptions) {
    this.engine = new TypeEngine({ folder, config: () => projectConfig(folder), onLost: () => this.forgetDocuments() })
    this.files = new LocalFiles(folder)
    this.onFailure = onFailure ?? (() => undefined)
    this.forgetDocuments()
  }

  get engineProcessId(): number | null {
    return this.engine.processId
  }

  addCell(_cellIndex: number, source: string, analysis: CellAnalysis): void {
    this.files.note(source)
    const module = this.cells.add(source, analysis.declared)
    if (!module) return
    this.closeModules(this.cells.takeUnused())
    if (source.length > SHORT_ENOUGH) void this.turns.take(() => this.shorten(module), false)
  }

  async complete(source: string, cursor: number): Promise<CompletionAnswer> {
    const at = Math.max(0, Math.min(cursor, source.length))
    const prefix = typedPrefix(source, at)
    const isMember = /[.][ \t]*$/.test(source.slice(0, at - prefix.length)) && !/\.\.\.[ \t]*$/.test(source.slice(0, at - prefix.length))
    return this.answer(noCompletions(at), async () => {
      await this.show(source, isMember ? [] : this.cells.namesWith(prefix).slice(-MOST_EARLIER_NAMES))
      const found = await this.engine.ask('textDocument/completion', CELL_DOCUMENT, { position: placeOf(source, at), context: { triggerKind: 1 } })
      const items = Array.isArray(found) ? found : ((found as { items?: unknown[] } | null)?.items ?? [])
      return completionAnswer(source, at, items as EngineCompletion[], (position) => offsetOf(source, position))
    })
  }

  async inspect(source: string, cursor: number): Promise<Inspection | null> {
    const at = Math.max(0, Math.min(cursor, source.length))
    return this.answer(null, async () => {
      await this.show(source)
      const before = source.slice(0, at)
      if (/[(,]\s*$/.test(before)) return (await this.signature(source, at)) ?? (await this.hover(source, at))
      // At the end of a word the cursor stands behind it; the word is meant.
      const isBehindWord = /[\p{ID_Continue}$]$/u.test(before) && !/^[\p{ID_Continue}$]/u.test(source.slice(at))
      return (await this.hover(source, isBehindWord ? at - 1 : at)) ?? (await this.signature(source, at))
    })
  }

  async diagnose(source: string): Promise<Diagnostic[]> {
    // Our line above the cell would take away the comment's place at the top.
    if (opensWithNoCheck(source)) return []
    return this.answer([], async () => {
      await this.show(source)
      const report = (await this.engine.ask('textDocument/diagnostic', CELL_DOCUMENT)) as { items?: EngineDiagnostic[] } | null
      return cellDiagnostics(source, report?.items ?? [])
    })
  }

  async typesOf(names: string[]): Promise<Record<string, string>> {
    return this.answer({}, async () => {
      const answer: Record<string, string> = {}
      for (const name of names) {
        const module = this.cells.find(name)
        if (!module) continue
        module.types ??= await this.printTypes(module)
        const type = valueType(module, name)
        if (type !== null) answer[name] = readable(type)
      }
      return answer
    })
  }

  async settled(): Promise<void> {
    await this.turns.take(async () => undefined, false)
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.engine.close()
  }

  /** Puts a cell into the open document, under one line that declares the earlier names it uses. */
  private async show(source: string, moreNames: readonly string[] = []): Promise<void> {
    this.files.note(source)
    if (this.files.packagesChanged()) this.engine.restart()
    await this.engine.ready()
    this.engine.filesChanged(this.files.changes())
    const words = wordsOf(source)
    for (const name of moreNames) words.add(name)
    const { text, modules } = this.cells.prelude(words, declaredNames(source))
    this.openModules(modules)
    this.engine.setDocument(CELL_DOCUMENT, text + source)
  }

  /** Gives the engine the modules it does not have: a fresh one gets those of 600 cells only as they are needed. */
  private openModules(modules: ReadonlySet<CellModule>): void {
    const missing = [...modules].filter((module) => !this.opened.has(module))
    if (missing.length === 0) return
    for (const module of missing) this.opened.add(module)
    // One module is cheaper to add when it is already expected, many when they are there before the import of each is looked up.
    if (missing.length === 1) this.showRoots()
    for (const module of missing) this.engine.setDocument(module.file, module.text)
    this.showRoots()
  }

  private closeModules(modules: readonly CellModule[]): void {
    const closed = modules.filter((module) => this.opened.delete(module))
    if (closed.length === 0) return
    this.showRoots()
    for (const { file } of closed) this.engine.removeDocument(file)
  }

  private showRoots(): void {
    this.engine.setDocument(ROOTS_DOCUMENT, [...this.opened].map(({ file }) => `import './${file}'\n`).join('') + 'export {}\n')
  }

  private forgetDocuments(): void {
    for (const { file } of this.opened) this.engine.removeDocument(file)
    this.opened.clear()
    this.showRoots()
    this.engine.setDocument(CELL_DOCUMENT, 'export {}\n')
  }

  private async printTypes(module: CellModule): Promise<Map<string, string>> {
    await this.engine.ready()
    this.openModules(this.cells.withNeeded([module]))
    return this.engine.printTypes(module.file)
  }

  private async hover(source: string, cursor: number): Promise<Inspection | null> {
    const own = declaredNames(source)
    const found = await this.engine.ask('textDocument/hover', CELL_DOCUMENT, { position: placeOf(source, cursor) })
    return inspectionOfHover(found as EngineHover | null, (name) => own.has(name))
  }

  private async signature(source: string, cursor: number): Promise<Inspection | null> {
    const found = await this.engine.ask('textDocument/signatureHelp', CELL_DOCUMENT, { position: placeOf(source, cursor) })
    return inspectionOfSignature(found as EngineSignatureHelp | null)
  }

  /** Replaces a cell's source by its declarations, unless the engine finds fault with them that the source has not. */
  private async shorten(module: CellModule): Promise<void> {
    if (this.isClosed || this.cells.isForgotten(module)) return
    try {
      module.types = await this.printTypes(module)
      const errorsBefore = await this.errorCount(module)
      const before = { text: module.text, scope: module.scope }
      const text = this.cells.shortForm(module, module.types)
      this.engine.setDocument(module.file, text)
      Object.assign(module, { text, namedFiles: namedFiles(text) })
      if ((await this.errorCount(module)) <= errorsBefore) return
      Object.assign(module, before, { namedFiles: [] })
      this.engine.setDocument(module.file, before.text)
    } catch (error) {
      this.note(error)
    }
  }

  private async errorCount(module: CellModule): Promise<number> {
    const report = (await this.engine.ask('textDocument/diagnostic', module.file)) as { items?: EngineDiagnostic[] } | null
    return (report?.items ?? []).filter(({ severity }) => severity === 1).length
  }

  private answer<T>(empty: T, work: () => Promise<T>): Promise<T> {
    return this.turns.take(async () => {
      if (this.isClosed) return empty
      try {
        return await work()
      } catch (error) {
        this.note(error)
        return empty
      }
    })
  }

  private note(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (this.isClosed || message === this.lastFailure) return
    this.lastFailure = message
    this.onFailure(message)
  }
}

/** What `typeof` would name for a class, enum or namespace; null for what is only a type. */
function valueType(module: CellModule, name: string): string | null {
  const kept = module.statements.find((statement) => statement.kind === 'kept' && statement.names.includes(name))
  if (kept?.node.type === 'TSInterfaceDeclaration' || kept?.node.type === 'TSTypeAliasDeclaration') return null
  return kept ? `typeof ${name}` : (module.types?.get(name) ?? null)
}

function opensWithNoCheck(source: string): boolean {
  const firstCode = source.split('\n').findIndex((line) => !/^\s*(?:\/\/|$)/.test(line))
  const comments = firstCode === -1 ? source.split('\n') : source.split('\n').slice(0, firstCode)
  return comments.some((line) => /^\s*\/\/\s*@ts-nocheck\b/.test(line))
}

/** The place of a cell's offset in the document, whose first line is ours. */
function placeOf(source: string, offset: number): EnginePosition {
  const lineStart = offset === 0 ? 0 : source.lastIndexOf('\n', offset - 1) + 1
  let line = 1
  for (let at = source.indexOf('\n'); at !== -1 && at < lineStart; at = source.indexOf('\n', at + 1)) line += 1
  return { line, character: offset - lineStart }
}

function offsetOf(source: string, { line, character }: EnginePosition): number {
  let start = 0
  for (let at = 1; at < line; at++) start = source.indexOf('\n', start) + 1
  return Math.min(source.length, start + character)
}
