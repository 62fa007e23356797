/**
 * Owns the identity of an installed package: name, version and, where npm recorded one, the integrity of what was installed.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

/** An installed package. `identity` changes when its contents are replaced by another version or build. */
export interface InstalledPackage {
  name: string
  version: string
  identity: string
  /** Absolute folder, links resolved. */
  folder: string
  /** A link to a folder outside any node_modules: its files may change under the same version. */
  isLinked: boolean
}

interface Lock { packages?: Record<string, { integrity?: string; resolved?: string }> }

const locks = new Map<string, { stamp: number; lock: Lock }>()

/** Name of the package that a bare specifier belongs to: `@a/b/c` → `@a/b`. */
export function packageName(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

/** The package found from a folder upwards; null when it is not installed. */
export function findPackage(specifier: string, folder: string): InstalledPackage | null {
  const name = packageName(specifier)
  for (let at = folder; ; at = dirname(at)) {
    const modules = join(at, 'node_modules')
    const found = readPackage(name, modules)
    if (found) return found
    if (dirname(at) === at) return null
  }
}

function readPackage(name: string, modules: string): InstalledPackage | null {
  const place = join(modules, name)
  let text: string
  try {
    text = readFileSync(join(place, 'package.json'), 'utf8')
  } catch {
    return null
  }
  const version = versionIn(text)
  const folder = realpathSync(place)
  const integrity = readLock(modules)?.packages?.[`node_modules/${name}`]?.integrity ?? ''
  return { name, version, identity: `${name}@${version} ${integrity}`.trim(), folder, isLinked: !folder.includes(`${sep}node_modules${sep}`) }
}

function versionIn(text: string): string {
  try {
    const version = (JSON.parse(text) as { version?: unknown }).version
    return typeof version === 'string' ? version : 'unversioned'
  } catch {
    return 'unversioned'
  }
}

/** npm's own record of what it installed; other installers leave none, then the version alone counts. */
function readLock(modules: string): Lock | null {
  const path = join(modules, '.package-lock.json')
  const stamp = statSync(path, { throwIfNoEntry: false })?.mtimeMs
  if (stamp === undefined) return null
  const known = locks.get(path)
  if (known?.stamp === stamp) return known.lock
  try {
    const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock
    locks.set(path, { stamp, lock })
    return lock
  } catch {
    return null
  }
}
