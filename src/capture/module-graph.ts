/**
 * Owns what an import stands for in a fingerprint: local files by the canonical text of their whole import graph,
 * packages by version and integrity, Node's own modules by name. Never runs a module.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestOf } from '../code/canonical.ts'
import { moduleRequests } from '../code/parse.ts'
import { stripTypes } from '../code/strip.ts'
import { findLocalFile, isLocalSpecifier, isOwnModule } from '../modules/local-files.ts'
import { mappedPaths, moduleConfig } from '../modules/tsconfig.ts'
import { findPackage } from './packages.ts'

/** Parts of a fingerprint by label, each with a digest. */
export type FingerprintParts = Record<string, string>

interface FileRecord { stamp: string; digest: string; specifiers: string[] }

const OWN_PACKAGES: ReadonlySet<string> = new Set(['labflow', 'tslab'])
const CODE_FILE = /\.[cm]?[jt]sx?$/
const files = new Map<string, FileRecord>()

/** Adds the parts of one import, seen from `fromFolder`; labels name files relative to `rootFolder`. */
export function addModuleParts(parts: FingerprintParts, specifier: string, fromFolder: string, rootFolder: string): void {
  if (isBuiltin(specifier)) {
    parts[`import ${specifier.startsWith('node:') ? specifier : `node:${specifier}`}`] = digestOfText(specifier.replace(/^node:/, ''))
    return
  }
  const path = localPath(specifier, fromFolder)
  if (path !== null) return addFile(parts, path, rootFolder)
  if (isLocalSpecifier(specifier)) {
    parts[`module ${specifier} (missing)`] = digestOfText(specifier)
    return
  }
  if (OWN_PACKAGES.has(specifier)) return
  addPackage(parts, specifier, fromFolder, rootFolder)
}

/** Adds the parts of a local file and of everything it imports. @throws LabflowError BAD_CODE when a file cannot be parsed. */
export function addFile(parts: FingerprintParts, path: string, rootFolder: string): void {
  if (isOwnModule(path)) return
  const label = `module ${labelOf(path, rootFolder)}`
  if (parts[label] !== undefined) return
  const record = recordOf(path)
  parts[label] = record.digest
  for (const specifier of record.specifiers) addModuleParts(parts, specifier, dirname(path), rootFolder)
}

function addPackage(parts: FingerprintParts, specifier: string, fromFolder: string, rootFolder: string): void {
  const found = findPackage(specifier, fromFolder) ?? findPackage(specifier, rootFolder)
  if (!found) {
    parts[`import ${specifier} (not installed)`] = digestOfText(specifier)
    return
  }
  parts[`import ${found.name}@${found.version}`] = digestOfText(found.identity)
  if (!found.isLinked) return
  // A linked package is somebody's working copy: its version says nothing of its text.
  try {
    addFile(parts, createRequire(join(fromFolder, 'cell.js')).resolve(specifier), rootFolder)
  } catch {
    addFile(parts, join(found.folder, 'package.json'), rootFolder)
  }
}

function localPath(specifier: string, fromFolder: string): string | null {
  if (isLocalSpecifier(specifier)) {
    const bare = specifier.replace(/[?#].*$/, '')
    return findLocalFile(bare.startsWith('file:') ? fileURLToPath(bare) : resolve(fromFolder, bare))
  }
  for (const candidate of mappedPaths(moduleConfig(fromFolder), specifier)) {
    const path = findLocalFile(candidate)
    if (path !== null) return path
  }
  return null
}

/** Digest and imports of a file, kept until the file changes. */
function recordOf(path: string): FileRecord {
  const { mtimeNs, ctimeNs, size } = statSync(path, { bigint: true })
  const stamp = `${mtimeNs} ${ctimeNs} ${size}`
  const known = files.get(path)
  if (known?.stamp === stamp) return known
  const bytes = readFileSync(path)
  const record = { stamp, ...(CODE_FILE.test(path) ? readCode(bytes.toString('utf8'), path) : { digest: digestOfText(bytes), specifiers: [] }) }
  files.set(path, record)
  return record
}

function readCode(source: string, path: string): { digest: string; specifiers: string[] } {
  const { code } = stripTypes(source, path)
  return { digest: digestOf(code), specifiers: moduleRequests(code) }
}

function labelOf(path: string, rootFolder: string): string {
  const near = relative(rootFolder, path).split(sep).join('/')
  return near.startsWith('.') ? near : `./${near}`
}

function digestOfText(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
