/**
 * Owns `name?`, `name??` and `?name` as a whole cell: a question about a name, as every notebook user knows it.
 * None of them is TypeScript, so no program changes its meaning.
 */

const queries = [/^\s*([\p{ID_Start}$_][\p{ID_Continue}$.]*)(\?{1,2})\s*;?\s*$/u, /^\s*(\?{1,2})\s*([\p{ID_Start}$_][\p{ID_Continue}$.]*)\s*;?\s*$/u]

export interface HelpQuery {
  expression: string
  /** 1: with the source, asked by two marks. */
  detail: 0 | 1
}

/** The question a cell asks; null for any other cell. */
export function helpQueryOf(code: string): HelpQuery | null {
  if (code.length > 1_000 || !code.includes('?')) return null
  const after = queries[0]!.exec(code)
  if (after !== null) return { expression: after[1]!, detail: after[2] === '??' ? 1 : 0 }
  const before = queries[1]!.exec(code)
  if (before !== null) return { expression: before[2]!, detail: before[1] === '??' ? 1 : 0 }
  return null
}
