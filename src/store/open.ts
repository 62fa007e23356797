/**
 * Owns opening an SQLite file: the lock, the pragmas, the migrations, and errors in words. The only import of better-sqlite3.
 * Refuses a file that another executor owns, that a newer Labflow wrote, or that is damaged; such a file is left as it is.
 */
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { isLabflowError, LabflowError } from '../model/errors.ts'
import type { ErrorCode } from '../model/errors.ts'

export type StoreDatabase = Database.Database
export type Statement = Database.Statement<unknown[]>

/** Long enough for a lock that a dying process is just giving up. */
const LOCK_WAIT_MS = 200

/**
 * Opens the store for one owner. The lock is held from here until close, so whoever gets past this line is the only executor.
 * @throws LabflowError STORE_BUSY, STORE_VERSION, STORE_DAMAGED, STORE_READ_ONLY or STORE_FULL.
 */
export function openStore(path: string, migrations: readonly string[]): StoreDatabase {
  let database: StoreDatabase | null = null
  try {
    // SQLite says "disk I/O error" of a folder in which its log cannot be made.
    accessSync(existsSync(path) ? path : dirname(path), constants.R_OK | constants.W_OK)
    accessSync(dirname(path), constants.W_OK)
    database = new Database(path, { timeout: LOCK_WAIT_MS })
    // EXCLUSIVE before the first access: WAL then needs no shared memory, which network homes lack.
    database.pragma('locking_mode = EXCLUSIVE')
    database.pragma('journal_mode = WAL')
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = OFF')
    database.pragma('cache_size = -16000')
    // A checkpoint syncs the disk: every 16 MB instead of every 4.
    database.pragma('wal_autocheckpoint = 4000')
    migrate(database, path, migrations)
    return database
  } catch (error) {
    database?.close()
    throw isLabflowError(error) ? error : storeError(error, path)
  }
}

function migrate(database: StoreDatabase, path: string, migrations: readonly string[]): void {
  const found = database.pragma('user_version', { simple: true }) as number
  if (found > migrations.length) {
    throw new LabflowError('STORE_VERSION',
      `The store ${path} was written by a newer Labflow (its format is ${found}, this one knows up to ${migrations.length}): update Labflow, or set LABFLOW_HOME to another folder.`)
  }
  for (let version = found; version < migrations.length; version++) {
    database.exec(`BEGIN IMMEDIATE; ${migrations[version]} PRAGMA user_version = ${version + 1}; COMMIT`)
  }
}

/** An SQLite or file error as the words a user can act on. */
export function storeError(error: unknown, path: string): LabflowError {
  const code = String((error as { code?: unknown }).code ?? '')
  const message = error instanceof Error ? error.message : String(error)
  const [own, words] = wordsFor(code)
  return new LabflowError(own, `The store ${path} ${words} (${message}).`, { cause: error, detail: { path, code } })
}

/** An error of SQLite, or of a file system that refuses, in words; any other as it is. */
export function inStoreWords(error: unknown, path: string): unknown {
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  const isStores = code.startsWith('SQLITE_') || ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'].includes(code)
  return isStores && !isLabflowError(error) ? storeError(error, path) : error
}

function wordsFor(code: string): [ErrorCode, string] {
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return ['STORE_BUSY', 'belongs to another executor that is running']
  if (code.startsWith('SQLITE_FULL') || code === 'ENOSPC' || code === 'EDQUOT') {
    return ['STORE_FULL', 'cannot grow, the disk is full: free some space, nothing stored so far is lost']
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return ['STORE_READ_ONLY', 'cannot be written: make its folder writable or set LABFLOW_HOME to one that is']
  }
  if (code.startsWith('SQLITE_IOERR') || code === 'EIO') {
    return ['STORE_READ_ONLY', 'cannot be reached, its disk or network folder refuses: what is stored is as it was, try again when the disk is well']
  }
  return ['STORE_DAMAGED', 'cannot be read, it may be damaged: move it away to start afresh, or put a backup in its place']
}
