/**
 * Owns the way from a place in a running script back to the cell as typed.
 */
import { decodeMappings, originalPosition, type Mapping } from '../../src/code/source-map.ts'
import { positionOf } from '../../src/code/text-position.ts'
import type { CompiledCell, ScriptPositions } from './protocol.ts'

export interface CellPlace {
  line: number
  column: number
}

/** Cells that ran, by file name: their functions may throw long after. Only the newest 2,000 are kept. */
export class CellSources {
  static readonly #limit = 2_000
  readonly #cells = new Map<string, CompiledCell>()
  readonly #decoded = new WeakMap<ScriptPositions, Mapping[][]>()

  add(cell: CompiledCell): void {
    this.#cells.delete(cell.filename)
    this.#cells.set(cell.filename, cell)
    if (this.#cells.size > CellSources.#limit) this.#cells.delete(this.#cells.keys().next().value as string)
  }

  /** The cell that has this file name. */
  get(filename: string): CompiledCell | null {
    return this.#cells.get(filename) ?? null
  }

  /** 1-based place in the cell of a 1-based place in its script; null for text that the compiler added. */
  placeOf(cell: CompiledCell, line: number, column: number): CellPlace | null {
    const { segments, javascript, mappings } = cell.positions
    const offset = offsetOf(cell.script, line, column)
    const inJavascript = originalOffset(segments, offset)
    if (inJavascript === null) return null
    const place = positionOf(javascript, inJavascript)
    if (mappings === null) return place
    let decoded = this.#decoded.get(cell.positions)
    if (decoded === undefined) {
      decoded = decodeMappings({ version: 3, mappings, sources: [], names: [] })
      this.#decoded.set(cell.positions, decoded)
    }
    return originalPosition(decoded, place.line, place.column)
  }
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let at = 1; at < line; at++) start = text.indexOf('\n', start) + 1
  return start + column - 1
}

function originalOffset(segments: readonly number[], offset: number): number | null {
  let nearest: number | null = null
  for (let at = 0; at < segments.length; at += 3) {
    const from = segments[at]!
    const to = segments[at + 1]!
    const length = segments[at + 2]!
    if (offset >= from && offset < from + length) return to + offset - from
    // Text put in by the compiler, such as `return [(`, stands for what follows it.
    if (offset < from && nearest === null) nearest = to
  }
  return nearest
}
