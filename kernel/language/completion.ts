/**
 * Owns the way from the engine's completion items to Jupyter's answer: only what continues the typed text, sorted, at most {@link MOST_MATCHES}.
 */
import type { CompletionAnswer } from '../contract.ts'
import type { EnginePosition } from './engine.ts'
import { DOCUMENT_PREFIX } from './project.ts'

/** A completion item as LSP gives it. */
export interface EngineCompletion {
  label: string
  kind?: number
  detail?: string
  sortText?: string
  insertText?: string
  textEdit?: { range?: { start: EnginePosition; end: EnginePosition }; newText: string }
}

/** More than this a front end only slows down with. */
const MOST_MATCHES = 500

const FILE_KIND = 17
/** LSP's completion kinds in Jupyter's words. */
const KIND_NAMES: Record<number, string> = {
  2: 'function', 3: 'function', 4: 'function', 5: 'property', 6: 'instance', 7: 'class', 8: 'interface', 9: 'module', 10: 'property',
  12: 'value', 13: 'enum', 14: 'keyword', 17: 'path', 19: 'path', 20: 'enum member', 21: 'constant', 22: 'class', 25: 'type parameter',
}

/** The identifier characters right before the cursor. */
export function typedPrefix(source: string, cursor: number): string {
  return /#?[\p{ID_Continue}$\u200c\u200d]*$/u.exec(source.slice(0, cursor))![0]
}

/** An answer without matches. */
export function noCompletions(cursor: number): CompletionAnswer {
  return { matches: [], start: cursor, end: cursor, types: [] }
}

/** Turns the engine's items into matches. `offsetOf` gives the cell's UTF-16 offset of a place in the document. */
export function completionAnswer(
  source: string, cursor: number, items: readonly EngineCompletion[], offsetOf: (position: EnginePosition) => number,
): CompletionAnswer {
  const start = startOf(items, offsetOf) ?? cursor - typedPrefix(source, cursor).length
  const typed = source.slice(start, cursor)
  const isPackagePath = /['"](?!\.)[^'"\n]*$/.test(source.slice(0, cursor))
  const matches = new Map<string, EngineCompletion>()
  for (const item of [...items].sort(bySortText)) {
    const text = textOf(item)
    const itemStart = item.textEdit?.range ? offsetOf(item.textEdit.range.start) : start
    // An edit from further left, such as `["a key"]` for a dot, fits no list with one start.
    // Below `node:fs/` the engine lists the files of @types/node as well.
    if (isPackagePath && item.kind === FILE_KIND && /\.d\.[cm]?ts$|package\.json$/.test(text)) continue
    if (itemStart !== start || !text.startsWith(typed) || text.includes(DOCUMENT_PREFIX) || matches.has(text)) continue
    matches.set(text, item)
    if (matches.size === MOST_MATCHES) break
  }
  const texts = [...matches.keys()]
  const types = texts.map((text) => ({ text, type: KIND_NAMES[matches.get(text)!.kind ?? 0] ?? 'instance' }))
  return { matches: texts, start, end: cursor, types }
}

/** Where most items that say so begin; null when none says so. */
function startOf(items: readonly EngineCompletion[], offsetOf: (position: EnginePosition) => number): number | null {
  const counts = new Map<number, number>()
  let silent = 0
  for (const { textEdit } of items) {
    if (!textEdit?.range) silent += 1
    else counts.set(offsetOf(textEdit.range.start), (counts.get(offsetOf(textEdit.range.start)) ?? 0) + 1)
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1])
  return best && best[1] > silent ? best[0] : null
}

function textOf(item: EngineCompletion): string {
  // For a path the label lacks the extension, with which it works everywhere.
  if (item.kind === FILE_KIND && item.detail) return item.detail.slice(item.detail.lastIndexOf('/') + 1)
  return item.textEdit?.newText ?? item.insertText ?? item.label
}

function bySortText(a: EngineCompletion, b: EngineCompletion): number {
  const left = a.sortText ?? a.label
  const right = b.sortText ?? b.label
  if (left !== right) return left < right ? -1 : 1
  return a.label < b.label ? -1 : a.label > b.label ? 1 : 0
}
