/**
 * Owns the way from an offset in a text to its line and column. Imports nothing: the session has it without the parser.
 */

/** 1-based line and column of a UTF-16 offset. */
export function positionOf(source: string, offset: number): { line: number; column: number } {
  let line = 1
  let lineStart = 0
  for (let at = source.indexOf('\n'); at !== -1 && at < offset; at = source.indexOf('\n', at + 1)) {
    line += 1
    lineStart = at + 1
  }
  return { line, column: offset - lineStart + 1 }
}
