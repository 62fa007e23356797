/**
 * Owns the answer to "is this code complete?": complete, incomplete with the indent of the next line, or invalid.
 */
import { parseErrors } from '../../src/code/parse.ts'

const INDENT = '  '

/** `source` has its magic lines blanked to equal length. */
export function checkCompleteness(source: string): { status: 'complete' | 'incomplete' | 'invalid'; indent: string } {
  const first = parseErrors(source)[0]
  if (first === undefined) return { status: 'complete', indent: '' }
  return first.isAtEnd ? { status: 'incomplete', indent: nextIndent(source) } : { status: 'invalid', indent: '' }
}

function nextIndent(source: string): string {
  const lastLine = source.trimEnd().split('\n').at(-1) ?? ''
  const current = /^\s*/.exec(lastLine)?.[0] ?? ''
  return /[{([]\s*$/.test(lastLine) || /=>\s*$/.test(lastLine) ? current + INDENT : current
}
