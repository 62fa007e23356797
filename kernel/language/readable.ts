/**
 * Owns the clean-up of the engine's words: names of our unsaved documents mean nothing to a user and go.
 */
import { DOCUMENT_PREFIX } from './project.ts'

const OWN_IMPORT = new RegExp(`(?:typeof )?import\\((["'])[^"']*${DOCUMENT_PREFIX}[^"']*\\1\\)\\.`, 'g')

/** The text without `import("…/__labflow_3").` and the like. */
export function readable(text: string): string {
  return text.replace(OWN_IMPORT, '')
}

/** A hover's signature without the words that say a name came by import: the user wrote none. */
export function readableSignature(signature: string, isImported: (name: string) => boolean): string {
  const lines = readable(signature).split('\n')
  const imported = /^import (?:type )?([\p{ID_Continue}$]+)$/u.exec(lines.at(-1) ?? '')
  if (lines.length > 1 && imported && !isImported(imported[1]!)) lines.pop()
  return lines.join('\n').replace(/^\(alias\) /, '')
}
