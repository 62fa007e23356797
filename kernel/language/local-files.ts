/**
 * Owns the knowledge which files on disk the notebook's cells import, and tells what changed since the last look.
 * Looks at names and times only, when asked; refuses to watch folders.
 */
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export interface FileChange {
  path: string
  kind: 'created' | 'changed' | 'deleted'
}

/** A notebook with more local modules than this has the rest looked at only when the engine restarts. */
const MOST_FILES = 1000
const ENDINGS = ['', '.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js']
const SPECIFIER = /(?:from|import|require)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]*)\1/g
const MISSING = -1

/** The local modules of one notebook, found from the texts that import them. */
export class LocalFiles {
  private readonly folder: string
  /** Modification time in ms by path; {@link MISSING} for a place where a module could appear. */
  private readonly times = new Map<string, number>()
  private packagesStamp: string | null = null

  constructor(folder: string) {
    this.folder = folder
  }

  /** Remembers the files that a text in the notebook's folder imports, and what these import. */
  note(text: string): void {
    this.follow(text, this.folder)
  }

  /** What changed since the last call. */
  changes(): FileChange[] {
    const changes: FileChange[] = []
    for (const [path, before] of [...this.times]) {
      const now = modifiedAt(path)
      if (now === before) continue
      this.times.set(path, now)
      changes.push({ path, kind: before === MISSING ? 'created' : now === MISSING ? 'deleted' : 'changed' })
      if (now !== MISSING) this.followFile(path)
    }
    return changes
  }

  /** Whether packages were installed or removed since the last call; false at the first. */
  packagesChanged(): boolean {
    const stamps: number[] = []
    for (let at = this.folder; ; at = dirname(at)) {
      stamps.push(modifiedAt(join(at, 'node_modules')), modifiedAt(join(at, 'node_modules', '.package-lock.json')))
      if (dirname(at) === at) break
    }
    const stamp = stamps.join()
    const hasChanged = this.packagesStamp !== null && this.packagesStamp !== stamp
    this.packagesStamp = stamp
    return hasChanged
  }

  private follow(text: string, folder: string): void {
    for (const [, , specifier] of text.matchAll(SPECIFIER)) {
      const base = resolve(folder, specifier!)
      // `./a.js` may stand for a.ts.
      const bases = /\.[cm]?js$/.test(base) ? [base, base.replace(/js$/, 'ts')] : ENDINGS.map((ending) => base + ending)
      for (const path of bases) this.add(path)
    }
  }

  private add(path: string): void {
    if (this.times.has(path) || this.times.size >= MOST_FILES) return
    const time = modifiedAt(path)
    this.times.set(path, time)
    if (time !== MISSING) this.followFile(path)
  }

  private followFile(path: string): void {
    if (!/\.[cm]?[jt]sx?$/.test(path)) return
    try {
      this.follow(readFileSync(path, 'utf8'), dirname(path))
    } catch {
      // Gone or unreadable between the look and the reading: the engine will say so in its own words.
    }
  }
}

function modifiedAt(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false, bigint: false })
  return found ? found.mtimeMs : MISSING
}
