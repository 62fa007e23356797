/**
 * Owns telling a closure by its place: when a function's text stands inside recorded code, the names that are bound around it there
 * are its maker's variables, even if the notebook has variables of the same name.
 */
import { parseModule } from '../code/parse.ts'
import { analyzeScopes, namesUsedWithin } from '../code/scope.ts'
import type { NameScope } from './contract.ts'

/** Of the names that a function uses, those bound by a function around it in any place where its text stands; empty when its place is not known. */
export function enclosingNames(source: string, usedNames: readonly string[], scope: NameScope): string[] {
  if (usedNames.length === 0) return []
  for (const definition of scope.definitions?.() ?? []) {
    for (let start = definition.source.indexOf(source); start !== -1; start = definition.source.indexOf(source, start + 1)) {
      const outer = new Set(namesUsedWithin(analyzeScopes(parseModule(definition.source)), { start, end: start + source.length }))
      const enclosed = usedNames.filter((name) => !outer.has(name))
      if (enclosed.length > 0) return enclosed
    }
  }
  return []
}
