/** Owns the store of one project as a whole: the folder, the database, and its parts behind one transaction a turn. */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { LabflowError } from '../model/errors.ts'
import { makeFolder } from '../wire/private-folder.ts'
import { CacheStore } from './cache.ts'
import { EmissionStore } from './emissions.ts'
import { MIGRATIONS } from './migrations.ts'
import { openStore, storeError } from './open.ts'
import type { StoreDatabase } from './open.ts'
import { PayloadStore } from './results.ts'
import { RunStore } from './runs.ts'
import { Turn } from './turn.ts'

export class Store {
  readonly folder: string
  readonly runs: RunStore
  readonly payloads: PayloadStore
  readonly emissions: EmissionStore
  readonly cache: CacheStore
  readonly turn: Turn
  /** Writes of records without a transition, by run; they wait for the next transaction. */
  readonly #touched = new Map<number, () => void>()
  readonly #database: StoreDatabase
  readonly #inode: number

  /**
   * Opens or makes the store in `folder` and owns it until closed.
   * @param onFailure a commit failed: memory and disk differ, the owner must end.
   * @throws LabflowError as {@link openStore}.
   */
  constructor(folder: string, clock: Clock, onFailure: (error: LabflowError) => void) {
    this.folder = folder
    try {
      makeFolder(join(folder, 'spool'))
    } catch (error) {
      throw storeError(error, folder)
    }
    this.#database = openStore(join(folder, 'store.db'), MIGRATIONS)
    this.#inode = statSync(join(folder, 'store.db')).ino
    this.runs = new RunStore(this.#database)
    this.payloads = new PayloadStore(this.#database, join(folder, 'results'))
    this.emissions = new EmissionStore(this.#database)
    this.cache = new CacheStore(this.#database)
    this.turn = new Turn(this.#database, clock, () => this.#writeWaiting(), onFailure)
  }

  /** Path of the file into which an attempt spools when it has lost its executor. */
  spoolPath(runId: string, attempt: number): string {
    return join(this.folder, 'spool', `${runId}.${attempt}.frames`)
  }

  /** Whether the database is no longer the file at its path: somebody removed or replaced the store under its owner. */
  get isGone(): boolean {
    try {
      return statSync(join(this.folder, 'store.db')).ino !== this.#inode
    } catch {
      return true
    }
  }

  /** Removes what workers spooled for runs that have ended: an idle worker whose executor died cannot know that its outcome had arrived. */
  dropSpoolsExcept(openRunIds: ReadonlySet<string>): void {
    const folder = join(this.folder, 'spool')
    for (const name of readdirSync(folder)) if (!openRunIds.has(name.split('.')[0] ?? '')) this.dropSpool(join(folder, name))
  }

  dropSpool(path: string): void {
    rmSync(path, { force: true })
  }

  /** Remembers a write that rides along with the next transaction; the newest one of a run wins. */
  whenWriting(run: number, write: () => void): void {
    this.#touched.set(run, write)
  }

  /** Drops the waiting write of a run whose transition just wrote everything. */
  forgetWaiting(run: number): void {
    this.#touched.delete(run)
  }

  get hasWaiting(): boolean {
    return this.#touched.size > 0 || this.emissions.hasPending
  }

  /** Commits what is open and gives the lock back; a second call does nothing. */
  close(): void {
    if (!this.#database.open) return
    if (this.hasWaiting) this.turn.write()
    this.turn.commit()
    this.#database.close()
  }

  #writeWaiting(): void {
    this.emissions.flush()
    for (const write of this.#touched.values()) write()
    this.#touched.clear()
  }
}
