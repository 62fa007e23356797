/**
 * Owns the bytes of inputs and results: small ones in the database, larger ones as files named by their digest.
 * Refuses to hand out bytes whose digest differs from what was stored: damaged is told apart from missing, never returned.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fault } from '../faults.ts'
import { makeFolder } from '../wire/private-folder.ts'
import type { Statement, StoreDatabase } from './open.ts'
import { storeError } from './open.ts'
import { packBuffers, unpackBuffers } from './payload.ts'

/** Larger values live beside the database, as files. */
const INLINE_LIMIT_BYTES = 256 * 1024

export type PayloadRole = 'inputs' | 'results'

/** A value ready to be put into the database in a transaction. `body` null: its bytes are in a file. */
export interface StagedPayload {
  digest: Buffer
  sizeBytes: number
  body: Uint8Array | null
}

export type StoredPayload = { status: 'ok'; buffers: Uint8Array[] } | { status: 'missing' } | { status: 'damaged'; reason: string }

interface PayloadRow {
  digest: Buffer
  size_bytes: number
  body: Buffer | null
}

export class PayloadStore {
  readonly #folder: string
  readonly #put: Record<PayloadRole, Statement>
  readonly #get: Record<PayloadRole, Statement>

  /** @param folder where the content-addressed files lie; made when missing, private to the user. */
  constructor(database: StoreDatabase, folder: string) {
    this.#folder = folder
    makeFolder(folder)
    const put = (table: PayloadRole) => database.prepare(`INSERT OR REPLACE INTO ${table} (run, digest, size_bytes, body) VALUES (?, ?, ?, ?)`)
    const get = (table: PayloadRole) => database.prepare(`SELECT digest, size_bytes, body FROM ${table} WHERE run = ?`)
    this.#put = { inputs: put('inputs'), results: put('results') }
    this.#get = { inputs: get('inputs'), results: get('results') }
  }

  /** Whether `stage` will be done at once, without a file. */
  static isSmall(buffers: readonly Uint8Array[]): boolean {
    let sizeBytes = 4
    for (const buffer of buffers) sizeBytes += buffer.byteLength + 12
    return sizeBytes <= INLINE_LIMIT_BYTES
  }

  /** Makes a small value ready without touching the disk. */
  stageSmall(buffers: readonly Uint8Array[]): StagedPayload {
    const body = packBuffers(buffers)
    return { digest: digestOf(body), sizeBytes: body.byteLength, body }
  }

  /** Makes a value ready; a large one is on disk, whole and synced, when this resolves. @throws LabflowError STORE_FULL or STORE_READ_ONLY. */
  async stage(buffers: readonly Uint8Array[]): Promise<StagedPayload> {
    if (PayloadStore.isSmall(buffers)) return this.stageSmall(buffers)
    const bytes = packBuffers(buffers)
    const digest = digestOf(bytes)
    const path = this.#pathOf(digest)
    try {
      await writeOnce(path, bytes)
    } catch (error) {
      throw storeError(error, path)
    }
    return { digest, sizeBytes: bytes.byteLength, body: null }
  }

  /** Records a staged value for a run; call inside the transaction of the run's transition. */
  put(role: PayloadRole, run: number, staged: StagedPayload): void {
    this.#put[role].run(run, staged.digest, staged.sizeBytes, staged.body)
  }

  /** The value of a run, checked against its digest. */
  read(role: PayloadRole, run: number): StoredPayload {
    const row = this.#get[role].get(run) as PayloadRow | undefined
    if (row === undefined) return { status: 'missing' }
    let bytes: Uint8Array
    try {
      bytes = row.body ?? readFileSync(this.#pathOf(row.digest))
    } catch (error) {
      return { status: 'damaged', reason: `${this.#pathOf(row.digest)} cannot be read (${(error as Error).message})` }
    }
    if (bytes.byteLength !== row.size_bytes || !digestOf(bytes).equals(row.digest)) {
      return { status: 'damaged', reason: `${row.body === null ? this.#pathOf(row.digest) : 'the stored value'} is not what was written` }
    }
    return { status: 'ok', buffers: unpackBuffers(bytes) }
  }

  #pathOf(digest: Buffer): string {
    const name = digest.toString('hex')
    return join(this.#folder, name.slice(0, 2), name)
  }
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

async function writeOnce(path: string, bytes: Uint8Array): Promise<void> {
  const present = await stat(path).catch(() => null)
  // Same digest and same length: already there. A damaged file of another length is replaced.
  if (present?.size === bytes.byteLength && digestOf(readFileSync(path)).equals(digestOf(bytes))) return
  makeFolder(dirname(path))
  const temporary = `${path}.${randomUUID()}.tmp`
  const file = await open(temporary, 'wx', 0o600)
  try {
    fault('store.write-result')
    await file.writeFile(bytes)
    await file.sync()
    await file.close()
    await rename(temporary, path)
  } catch (error) {
    await file.close().catch(() => {})
    await unlink(temporary).catch(() => {})
    throw error
  }
}
