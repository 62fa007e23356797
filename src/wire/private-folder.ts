/**
 * Owns making a folder with its parents, private to the user, and telling folders apart. In place of Node's `recursive`, which never returns where a parent
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

/** Whether two paths lead to one and the same folder, by whatever mount or link; false when one of them leads nowhere. */
export function isSameFolder(one: string, other: string): boolean {
  try {
    const [first, second] = [statSync(one), statSync(other)]
    return first.ino === second.ino && first.dev === second.dev
  } catch {
    return false
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
