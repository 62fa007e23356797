/** Owns `.labflow/executor.json`, by which clients and orphaned workers find the executor of a store. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSameFolder } from './private-folder.ts'

export interface ExecutorFile {
  host: string
  /** Real path of the store: in a copied project the file names the executor of the original. */
  storePath: string
  pid: number
  /** As process-identity.ts reads it; null where there is none. */
  startTime: string | null
  /** ZeroMQ address for clients. */
  address: string
  /** Path of the unix socket for workers that come back. */
  workersSocket: string
  protocol: number
  version: string
}

/** Whether the file was written for the store in this very folder, and not copied or moved along with it. */
export function isOfStore(file: ExecutorFile, storeFolder: string): boolean {
  return isSameFolder(file.storePath, storeFolder)
}

/** Path of the executor file of a store. */
function executorFilePath(storeFolder: string): string {
  return join(storeFolder, 'executor.json')
}

/** What the file says; null when it is missing or cannot be read as one. */
export function readExecutorFile(storeFolder: string): ExecutorFile | null {
  try {
    const file = JSON.parse(readFileSync(executorFilePath(storeFolder), 'utf8')) as ExecutorFile
    return Number.isInteger(file.pid) && typeof file.address === 'string' && typeof file.storePath === 'string' ? file : null
  } catch {
    return null
  }
}

/** Replaces the file in one move. @throws the error of the file system, such as ENOSPC. */
export function writeExecutorFile(storeFolder: string, file: ExecutorFile): void {
  const path = executorFilePath(storeFolder)
  const temporary = `${path}.${file.pid}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Removes the file if it still names this process. */
export function dropExecutorFile(storeFolder: string, pid: number): void {
  if (readExecutorFile(storeFolder)?.pid === pid) rmSync(executorFilePath(storeFolder), { force: true })
}
