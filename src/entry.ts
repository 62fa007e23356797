/**
 * Owns the way from a module of ours to the file of a process entry: source starts source, dist starts dist.
 */
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ownPath = fileURLToPath(import.meta.url)

/** Root of the running tree: the repository when run from source, its dist/ when built. Absolute. */
export const treeRoot: string = dirname(dirname(ownPath))

/** Absolute path of a process entry such as `src/executor/main`, with the extension of the running tree. */
export function entryPath(modulePath: string): string {
  return join(treeRoot, modulePath + extname(ownPath))
}
