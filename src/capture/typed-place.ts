/**
 * Owns finding the lines of a function as the user typed them, by where its text stands in recorded code.
 * Loads no parser: a session needs it before its first capture.
 */
import type { TypedPlace } from '../model/run.ts'
import type { NameScope } from './contract.ts'

/** How the lines of a function were typed, read from the newest recorded code that holds its text; null when none does. */
export function typedPlaceWithin(source: string, scope: NameScope): TypedPlace | null {
  let found: TypedPlace | null = null
  for (const { source: text, typed } of scope.definitions?.() ?? []) {
    const start = typed === undefined || typed.filename === '' ? -1 : text.indexOf(source)
    if (typed === undefined || start === -1) continue
    const first = text.slice(0, start).split('\n').length - 1
    const end = first + source.split('\n').length
    found = { filename: typed.filename, lines: typed.lines.slice(first, end), texts: typed.texts.slice(first, end) }
  }
  return found
}
