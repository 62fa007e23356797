/**
 * Owns what was typed: this session in memory, all sessions in one file of the user (JSON lines, 0600, opened at first use).
 * Lossy by design: two kernels that trim at once may lose old entries; a full disk loses new ones; no cell ever waits for it.
 */
import { appendFile, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { makeFolder } from '../src/wire/private-folder.ts'

/** Entries kept over all sessions. */
const maxEntries = 10_000
/** The file is trimmed when it exceeds this. */
const maxFileBytes = 32 * 1024 * 1024
/** A longer cell, or a longer result, is not kept. */
const maxEntryChars = 200_000

export interface HistoryEntry {
  /** Seconds since 1970 at the start of the kernel: later sessions have greater numbers. */
  session: number
  /** Execution count. */
  line: number
  code: string
  output: string | null
}

/** Place of the history file: LABFLOW_HISTORY, else the user's data folder. */
export function historyPath(environment: NodeJS.ProcessEnv = process.env): string {
  const explicit = environment['LABFLOW_HISTORY']
  if (explicit !== undefined && explicit !== '') return explicit
  const dataFolder = environment['XDG_DATA_HOME'] || join(homedir(), '.local', 'share')
  return join(dataFolder, 'labflow', 'history.jsonl')
}

export class History {
  readonly #path: string
  readonly #session: number
  readonly #log: (line: string) => void
  #current: HistoryEntry[] = []
  #earlier: HistoryEntry[] | null = null
  #unwritten: HistoryEntry[] = []
  #writing: Promise<void> | null = null

  constructor(path: string, log: (line: string) => void, session: number = Math.floor(Date.now() / 1_000)) {
    this.#path = path
    this.#log = log
    this.#session = session
  }

  /** Keeps a cell; returns at once. */
  record(line: number, code: string, output: string | null): void {
    if (code.length > maxEntryChars) return
    const shownOutput = output === null || output.length > maxEntryChars ? null : output
    const entry = { session: this.#session, line, code, output: shownOutput }
    this.#current.push(entry)
    if (this.#current.length > maxEntries) this.#current.shift()
    this.#unwritten.push(entry)
    this.#writing ??= this.#write()
  }

  /** Resolves when what was recorded is on disk or given up. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** Content of history_reply for the content of a history_request: range, tail or search. */
  async answer(content: Record<string, unknown>): Promise<Record<string, unknown>> {
    const entries = await this.#select(content)
    const withOutput = content['output'] === true
    return { status: 'ok', history: entries.map(({ session, line, code, output }) => [session, line, withOutput ? [code, output] : code]) }
  }

  async #select(content: Record<string, unknown>): Promise<HistoryEntry[]> {
    const number = (field: string): number | null => (typeof content[field] === 'number' ? content[field] : null)
    const n = number('n')
    const newest = (entries: HistoryEntry[]): HistoryEntry[] => (n === null ? entries : n <= 0 ? [] : entries.slice(-n))
    switch (content['hist_access_type']) {
      case 'range':
        return this.#range(number('session') ?? 0, number('start') ?? 1, number('stop'))
      case 'tail':
        return newest(await this.#all())
      case 'search': {
        const matches = globMatcher(typeof content['pattern'] === 'string' ? content['pattern'] : '*')
        const found = (await this.#all()).filter((entry) => matches(entry.code))
        return newest(content['unique'] === true ? lastOfEach(found) : found)
      }
      default:
        return []
    }
  }

  /** Session 0 is this one, −1 the one before. `stop` is exclusive; null: to the end. */
  async #range(session: number, start: number, stop: number | null): Promise<HistoryEntry[]> {
    let wanted = session
    if (session <= 0) {
      const sessions = [...new Set((await this.#all()).map((entry) => entry.session))].filter((known) => known < this.#session)
      wanted = session === 0 ? this.#session : (sessions.at(session) ?? -1)
    }
    const entries = wanted === this.#session ? this.#current : await this.#all()
    return entries.filter((entry) => entry.session === wanted && entry.line >= start && (stop === null || entry.line < stop))
  }

  async #all(): Promise<HistoryEntry[]> {
    this.#earlier ??= (await readEntries(this.#path)).filter((entry) => entry.session !== this.#session)
    return [...this.#earlier, ...this.#current].slice(-maxEntries)
  }

  async #write(): Promise<void> {
    try {
      makeFolder(dirname(this.#path))
      while (this.#unwritten.length > 0) {
        const lines = this.#unwritten.splice(0).map((entry) => `${JSON.stringify(entry)}\n`)
        await appendFile(this.#path, lines.join(''), { mode: 0o600 })
      }
      if ((await stat(this.#path)).size > maxFileBytes) await trim(this.#path)
    } catch (error) {
      this.#unwritten = []
      this.#log(`history not kept: ${(error as Error).message}`)
    }
    this.#writing = null
  }
}

/** Keeps the newer half, by a new file that replaces the old one. */
async function trim(path: string): Promise<void> {
  const kept = (await readEntries(path)).slice(-maxEntries / 2)
  const lines = kept.map((entry) => `${JSON.stringify(entry)}\n`)
  while (lines.join('').length > maxFileBytes / 2) lines.splice(0, Math.ceil(lines.length / 2))
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, lines.join(''), { mode: 0o600 })
  await rename(fresh, path)
}

/** Entries of a file; a missing file has none, lines that cannot be read are passed over. */
async function readEntries(path: string): Promise<HistoryEntry[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    return []
  }
  const entries: HistoryEntry[] = []
  for (const line of text.split('\n')) {
    try {
      const entry = JSON.parse(line) as HistoryEntry
      if (Number.isFinite(entry.session) && Number.isFinite(entry.line) && typeof entry.code === 'string') entries.push(entry)
    } catch {
      // half a line of a kernel that died, or the empty end
    }
  }
  return entries
}

function lastOfEach(entries: HistoryEntry[]): HistoryEntry[] {
  const byCode = new Map<string, HistoryEntry>()
  for (const entry of entries) {
    byCode.delete(entry.code)
    byCode.set(entry.code, entry)
  }
  return [...byCode.values()]
}

/** Matches a whole cell against a pattern with `*` and `?`, as Jupyter consoles send it. */
function globMatcher(pattern: string): (text: string) => boolean {
  const source = pattern.replace(/[\\^$+.()|{}[\]]/g, '\\$&').replace(/\*+/g, '[^]*').replace(/\?/g, '[^]')
  const regex = new RegExp(`^${source}$`, 'u')
  return (text) => regex.test(text)
}
