/** Owns texts that many runs share (code, options, environment): each is stored once and known by a number. */
import { createHash } from 'node:crypto'
import type { Statement, StoreDatabase } from './open.ts'

/** Texts whose number is remembered in memory. */
const REMEMBERED = 2_000
/** Up to so many characters the text itself is remembered: looking it up is quicker than its digest, 0.01 ms a run. */
const SHORT_TEXT = 16_000

export class TextStore {
  readonly #insert: Statement
  readonly #find: Statement
  readonly #read: Statement
  readonly #known = new Map<string, number>()

  constructor(database: StoreDatabase) {
    this.#insert = database.prepare('INSERT INTO texts (digest, body) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING')
    this.#find = database.prepare('SELECT id FROM texts WHERE digest = ?').pluck()
    this.#read = database.prepare('SELECT body FROM texts WHERE id = ?').pluck()
  }

  /** Number of a plain value, stored as JSON. Call inside a transaction. */
  intern(value: unknown): number {
    const body = JSON.stringify(value)
    const isShort = body.length <= SHORT_TEXT
    const remembered = isShort ? this.#known.get(body) : undefined
    if (remembered !== undefined) return remembered
    const digest = createHash('sha256').update(body).digest()
    const name = isShort ? body : digest.toString('latin1')
    const known = this.#known.get(name)
    if (known !== undefined) return known
    this.#insert.run(digest, body)
    const id = this.#find.get(digest) as number
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(name, id)
    return id
  }

  /** The value with this number. @throws TypeError when there is none: rows refer to texts that exist. */
  read<T>(id: number): T {
    const body = this.#read.get(id) as string | undefined
    if (body === undefined) throw new TypeError(`the store has no text ${id}`)
    return JSON.parse(body) as T
  }
}
