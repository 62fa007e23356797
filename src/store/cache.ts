/** Owns cache key → the run whose result answers it, and until when. */
import type { Statement, StoreDatabase } from './open.ts'

export interface CacheEntry {
  run: number
  computedMs: number
  /** null = never. */
  expiresMs: number | null
}

export class CacheStore {
  readonly #get: Statement
  readonly #put: Statement
  readonly #drop: Statement

  constructor(database: StoreDatabase) {
    this.#get = database.prepare('SELECT run, computed_ms AS computedMs, expires_ms AS expiresMs FROM cache WHERE key = ?')
    this.#put = database.prepare('INSERT OR REPLACE INTO cache (key, run, computed_ms, expires_ms) VALUES (?, ?, ?, ?)')
    this.#drop = database.prepare('DELETE FROM cache WHERE key = ?')
  }

  /**
   * The entry of a key when it may still be used.
   * @param maxAgeMs what the asking run allows; null = any age. The entry's own expiry counts as well.
   */
  find(key: string, nowMs: number, maxAgeMs: number | null): CacheEntry | null {
    const entry = this.#get.get(key) as CacheEntry | undefined
    if (entry === undefined) return null
    if (entry.expiresMs !== null && nowMs >= entry.expiresMs) return null
    if (maxAgeMs !== null && nowMs - entry.computedMs >= maxAgeMs) return null
    return entry
  }

  put(key: string, entry: CacheEntry): void {
    this.#put.run(key, entry.run, entry.computedMs, entry.expiresMs)
  }

  drop(key: string): void {
    this.#drop.run(key)
  }
}
