/**
 * Owns finding the file that a local specifier means: `./a`, `./a.ts`, `./a.js` for a.ts, a folder with an index file, .json.
 * Refuses to call a module the user's own when it lies in node_modules or belongs to Labflow.
 */
import { statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { treeRoot } from '../entry.ts'

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.js', '.jsx', '.mjs', '.cts', '.cjs', '.json']
/** TypeScript's rule: a specifier names the file that the compiler would write. */
const SOURCE_OF: Record<string, string[]> = { '.js': ['.ts', '.tsx'], '.jsx': ['.tsx'], '.mjs': ['.mts'], '.cjs': ['.cts'] }
const OWN_FOLDERS = ['src', 'kernel', 'magics'].map((folder) => join(treeRoot, folder) + sep)

/** The file that a path without or with extension means; null when there is none. */
export function findLocalFile(path: string): string | null {
  if (isFile(path)) return path
  const written = /\.[cm]?jsx?$/.exec(path)?.[0]
  for (const extension of written === undefined ? [] : (SOURCE_OF[written] ?? [])) {
    const candidate = path.slice(0, -written!.length) + extension
    if (isFile(candidate)) return candidate
  }
  for (const extension of EXTENSIONS) if (isFile(path + extension)) return path + extension
  for (const extension of EXTENSIONS) {
    const candidate = join(path, `index${extension}`)
    if (isFile(candidate)) return candidate
  }
  return null
}

/** Whether a specifier names a file rather than a package: `./x`, `../x`, `/x`, `file:`. */
export function isLocalSpecifier(specifier: string): boolean {
  return /^(\.{1,2}(\/|$)|\/|file:)/.test(specifier)
}

/** Whether a file is one of Labflow's own modules. */
export function isOwnModule(path: string): boolean {
  return OWN_FOLDERS.some((folder) => path.startsWith(folder))
}

/** Whether a file is the user's own module: versioned by content, types stripped by Labflow. */
export function isUserModule(path: string): boolean {
  return !path.includes(`${sep}node_modules${sep}`) && !isOwnModule(path)
}

/** Nearest file of that name in the folder or above it; null when there is none. */
export function findUpwards(folder: string, name: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, name)
    if (isFile(candidate)) return candidate
    if (dirname(at) === at) return null
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
