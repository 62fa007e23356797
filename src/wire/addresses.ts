/**
 * Owns where the sockets of a store lie: in a private folder of the user, named by a hash of the store's real path.
 * They cannot lie in the store: a socket path over 104 bytes (107 on Linux) fails.
 */
import { createHash } from 'node:crypto'
import { lstatSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LabflowError } from '../model/errors.ts'
import { makeFolder } from './private-folder.ts'

const MAX_PATH_BYTES = 104

export interface SocketPaths {
  /** ZeroMQ address, `ipc://…`. */
  address: string
  clientsSocket: string
  workersSocket: string
}

/** Paths for the store at `storeFolder`, which exists. Makes their folder. @throws LabflowError when another user owns that folder. */
export function socketPaths(storeFolder: string): SocketPaths {
  const uid = process.getuid?.() ?? 0
  const name = createHash('sha256').update(realpathSync(storeFolder)).digest('hex').slice(0, 24)
  for (const base of [process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp']) {
    if (base === undefined || base === '') continue
    const folder = join(base, `labflow-${uid}`)
    const clientsSocket = join(folder, `${name}.c`)
    if (Buffer.byteLength(clientsSocket) > MAX_PATH_BYTES || !makePrivate(folder, uid)) continue
    return { address: `ipc://${clientsSocket}`, clientsSocket, workersSocket: join(folder, `${name}.w`) }
  }
  throw new LabflowError('EXECUTOR_UNREACHABLE',
    `No private folder for sockets: neither XDG_RUNTIME_DIR nor ${tmpdir()} can hold a folder labflow-${uid} of your own with mode 0700.`)
}

function makePrivate(folder: string, uid: number): boolean {
  try {
    makeFolder(folder)
    const found = lstatSync(folder)
    return found.isDirectory() && (found.uid === uid || process.getuid === undefined) && (found.mode & 0o077) === 0
  } catch {
    return false
  }
}
