/**
 * Owns reading a source map: from a place in the stripped JavaScript back to the text as typed.
 */

/** The part of the source-map format that Labflow reads. */
export interface SourceMap {
  version: number
  mappings: string
  sources: string[]
  names: string[]
}

/** One mapped place; lines and columns count from 0, columns in UTF-16 units. */
export interface Mapping {
  generatedColumn: number
  originalLine: number
  originalColumn: number
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUE_OF = new Map([...DIGITS].map((digit, value) => [digit, value]))

/** The mappings of each generated line, in order of column. */
export function decodeMappings(map: SourceMap): Mapping[][] {
  let line = 0
  let column = 0
  return map.mappings.split(';').map((text) => {
    let generatedColumn = 0
    const mappings: Mapping[] = []
    for (const segment of text ? text.split(',') : []) {
      const [generatedDelta, , lineDelta, columnDelta] = decodeSegment(segment)
      generatedColumn += generatedDelta ?? 0
      if (lineDelta === undefined || columnDelta === undefined) continue
      line += lineDelta
      column += columnDelta
      mappings.push({ generatedColumn, originalLine: line, originalColumn: column })
    }
    return mappings
  })
}

/** The original place of a generated one, both 1-based; null when the map has nothing for that line. */
export function originalPosition(lines: Mapping[][], line: number, column: number): { line: number; column: number } | null {
  const mappings = lines[line - 1]
  let found = mappings?.[0]
  for (const mapping of mappings ?? []) {
    if (mapping.generatedColumn > column - 1) break
    found = mapping
  }
  return found ? { line: found.originalLine + 1, column: found.originalColumn + 1 } : null
}

/** For each generated line the original one, from 1; a line without a mapping takes the one before it. */
export function typedLinesOf(lines: Mapping[][]): number[] {
  let last = 1
  return lines.map((mappings) => {
    if (mappings[0]) last = mappings[0].originalLine + 1
    return last
  })
}

function decodeSegment(segment: string): number[] {
  const values: number[] = []
  let value = 0
  let shift = 0
  for (const digit of segment) {
    const bits = VALUE_OF.get(digit) ?? 0
    value += (bits & 31) << shift
    if (bits & 32) {
      shift += 5
      continue
    }
    values.push(value & 1 ? -(value >>> 1) : value >>> 1)
    value = 0
    shift = 0
  }
  return values
}
