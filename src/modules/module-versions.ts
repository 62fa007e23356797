/**
 * Owns the version of each local module: it grows when the file's content or any module below it changed, so that the next import loads it anew.
 * Refuses to guess dependencies from text: it records what each loaded version really imported.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

interface ModuleRecord {
  version: number
  stamp: string
  digest: string
  /** Path → version that this version of the module was linked with. */
  dependencies: Map<string, number>
  /** A load or link of this version failed; Node would repeat the old error for ever. */
  isBroken: boolean
}

/** A check of the whole graph is trusted for this long within one chain of imports. */
const EPOCH_LIMIT_MS = 50

/** The graph of local modules that this process has loaded. */
export class ModuleVersions {
  readonly #records = new Map<string, ModuleRecord>()
  readonly #onChange: (path: string) => void
  #checked = new Set<string>()
  #epochStarted = 0

  /** @param onChange called with a path when its version grows. */
  constructor(onChange: (path: string) => void = () => {}) {
    this.#onChange = onChange
  }

  /** Version to load of an existing file. `isNewImport`: asked for by a cell or program, not by a module that is being linked. */
  current(path: string, isNewImport: boolean): number {
    const now = performance.now()
    if (isNewImport || now - this.#epochStarted > EPOCH_LIMIT_MS) {
      this.#checked = new Set()
      this.#epochStarted = now
    }
    return this.#check(path)
  }

  /** Records that a version of one module imported a version of another. */
  link(parent: string, parentVersion: number, child: string, childVersion: number): void {
    const record = this.#records.get(parent)
    if (record?.version === parentVersion) record.dependencies.set(child, childVersion)
  }

  /** The newest version of a module did not load: the next import tries again. */
  markBroken(path: string): void {
    const record = this.#records.get(path)
    if (record !== undefined) record.isBroken = true
  }

  #check(path: string): number {
    const record = this.#records.get(path)
    if (record === undefined) {
      const stamp = stampOf(path)
      this.#records.set(path, { version: 1, stamp, digest: digestOf(path), dependencies: new Map(), isBroken: false })
      this.#checked.add(path)
      return 1
    }
    if (this.#checked.has(path)) return record.version
    this.#checked.add(path)
    let isStale = record.isBroken || this.#contentChanged(path, record)
    if (isStale) this.#grow(path, record)
    for (const [child, linkedVersion] of isStale ? [] : [...record.dependencies]) {
      // Each child is checked, also after the first stale one: all of them must be fresh before this module links again.
      if (this.#exists(child) && this.#check(child) === linkedVersion) continue
      isStale = true
    }
    if (isStale && record.dependencies.size > 0) this.#grow(path, record)
    return record.version
  }

  #grow(path: string, record: ModuleRecord): void {
    record.version++
    record.dependencies = new Map()
    record.isBroken = false
    this.#onChange(path)
  }

  #contentChanged(path: string, record: ModuleRecord): boolean {
    const stamp = stampOf(path)
    if (stamp === record.stamp) return false
    const digest = digestOf(path)
    record.stamp = stamp
    if (digest === record.digest) return false
    record.digest = digest
    return true
  }

  #exists(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  }
}

function stampOf(path: string): string {
  const stat = statSync(path, { bigint: true })
  return `${stat.mtimeNs}:${stat.size}:${stat.ino}`
}

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
