/**
 * Owns making a folder with its parents, private to the user. In place of Node's `recursive`, which never returns where a parent
 * exists and nothing can be made in it (/proc): a core at full load instead of an error.
 */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes the folder and what is missing above it; one that is there stays as it is. @throws the error of the file system, with its `code`. */
export function makeFolder(path: string): void {
  const missing: string[] = []
  for (let at = path; !isFolder(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at)
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      // Another process may have made it meanwhile.
      if (!isFolder(folder)) throw error
    }
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
