/**
 * Owns what runs show and log: kept in order, up to 10 MB a run, the cut told. Waits in memory for a transaction that someone else opens.
 */
import type { LogLevel, RunOutput } from '../model/run.ts'
import type { LogLine } from '../wire/engine-protocol.ts'
import type { Statement, StoreDatabase } from './open.ts'

/** Characters of output and log kept for one run. */
const EMISSION_LIMIT = 10_000_000

interface Pending {
  run: number
  position: number
  timeMs: number
  kind: 'output' | 'log' | 'cut'
  body: string
}

interface RunTally {
  position: number
  size: number
  cutLines: number
  /** The last pending entry when it is a stream that may be continued. */
  openStream: { entry: Pending; name: 'stdout' | 'stderr'; text: string[] } | null
}

interface StoredLog {
  level: LogLevel
  message: string
}

export class EmissionStore {
  readonly #limit: number
  readonly #insert: Statement
  readonly #select: Statement
  readonly #tallyRow: Statement
  readonly #pending: Pending[] = []
  readonly #tallies = new Map<number, RunTally>()

  constructor(database: StoreDatabase, limit: number = EMISSION_LIMIT) {
    this.#limit = limit
    this.#insert = database.prepare('INSERT OR REPLACE INTO emissions (run, position, time_ms, kind, body) VALUES (?, ?, ?, ?, ?)')
    this.#select = database.prepare('SELECT kind, time_ms AS timeMs, body FROM emissions WHERE run = ? ORDER BY position')
    this.#tallyRow = database.prepare(`SELECT coalesce(max(position), 0) AS position, coalesce(sum(length(body)), 0) AS size FROM emissions WHERE run = ?`)
  }

  /** Whether something waits for a transaction. */
  get hasPending(): boolean {
    return this.#pending.length > 0
  }

  addOutput(run: number, timeMs: number, output: RunOutput): void {
    const tally = this.#tally(run)
    const open = tally.openStream
    if (output.type === 'stream' && open !== null && open.name === output.name) {
      if (this.#takes(run, tally, output.text.length, timeMs, lineCount(output.text))) open.text.push(output.text)
      return
    }
    const body = output.type === 'stream' ? '' : JSON.stringify(output)
    const size = output.type === 'stream' ? output.text.length : body.length
    if (!this.#takes(run, tally, size, timeMs, output.type === 'stream' ? lineCount(output.text) : 1)) return
    const entry = this.#push(run, tally, timeMs, 'output', body)
    tally.openStream = output.type === 'stream' ? { entry, name: output.name, text: [output.text] } : null
  }

  addLog(run: number, timeMs: number, level: LogLevel, message: string): void {
    const tally = this.#tally(run)
    const log: StoredLog = { level, message }
    const body = JSON.stringify(log)
    if (this.#takes(run, tally, body.length, timeMs, 1)) this.#push(run, tally, timeMs, 'log', body)
  }

  /** Writes what waits; call inside a transaction. */
  flush(): void {
    for (const tally of this.#tallies.values()) {
      if (tally.openStream === null) continue
      const { entry, name, text } = tally.openStream
      const output: RunOutput = { type: 'stream', name, text: text.join('') }
      entry.body = JSON.stringify(output)
      tally.openStream = null
    }
    for (const entry of this.#pending) this.#insert.run(entry.run, entry.position, entry.timeMs, entry.kind, entry.body)
    this.#pending.length = 0
  }

  /** Forgets the tally of a run that ended. */
  forget(run: number): void {
    this.#tallies.delete(run)
  }

  /** All outputs in order, neighbouring text of one stream joined, the cut told as text. Flush first. */
  outputs(run: number): RunOutput[] {
    const outputs: RunOutput[] = []
    for (const row of this.#rows(run)) {
      if (row.kind === 'log') continue
      const output = row.kind === 'cut' ? cutOutput(Number(row.body), this.#limit) : (JSON.parse(row.body) as RunOutput)
      const last = outputs.at(-1)
      if (output.type === 'stream' && last?.type === 'stream' && last.name === output.name) last.text += output.text
      else outputs.push(output)
    }
    return outputs
  }

  /** Log lines and printed lines in order; `tail` keeps the last ones. Flush first. */
  logs(run: number, tail?: number): { lines: LogLine[]; cutLines: number } {
    const lines: LogLine[] = []
    let cutLines = 0
    for (const row of this.#rows(run)) {
      if (row.kind === 'cut') cutLines += Number(row.body)
      else if (row.kind === 'log') lines.push({ timeMs: row.timeMs, ...(JSON.parse(row.body) as StoredLog) })
      else addPrinted(lines, row.timeMs, JSON.parse(row.body) as RunOutput)
    }
    for (const line of lines) if (line.message.endsWith('\n')) line.message = line.message.slice(0, -1)
    return { lines: tail === undefined ? lines : lines.slice(-Math.max(0, tail)), cutLines }
  }

  #rows(run: number): { kind: 'output' | 'log' | 'cut'; timeMs: number; body: string }[] {
    return this.#select.all(run) as { kind: 'output' | 'log' | 'cut'; timeMs: number; body: string }[]
  }

  #tally(run: number): RunTally {
    let tally = this.#tallies.get(run)
    if (tally === undefined) {
      const row = this.#tallyRow.get(run) as { position: number; size: number }
      tally = { position: row.position, size: row.size, cutLines: 0, openStream: null }
      this.#tallies.set(run, tally)
    }
    return tally
  }

  /** Counts what comes; false when the run's share is used up, and then says so in one entry that is kept up to date. */
  #takes(run: number, tally: RunTally, size: number, timeMs: number, lines: number): boolean {
    tally.size += size
    if (tally.size <= this.#limit) return true
    tally.openStream = tally.cutLines === 0 ? this.#closed(tally) : null
    if (tally.cutLines === 0) tally.position++
    tally.cutLines += lines
    this.#pending.push({ run, position: tally.position, timeMs, kind: 'cut', body: String(tally.cutLines) })
    return false
  }

  #closed(tally: RunTally): null {
    if (tally.openStream !== null) {
      const { entry, name, text } = tally.openStream
      entry.body = JSON.stringify({ type: 'stream', name, text: text.join('') } satisfies RunOutput)
    }
    return null
  }

  #push(run: number, tally: RunTally, timeMs: number, kind: Pending['kind'], body: string): Pending {
    this.#closed(tally)
    tally.openStream = null
    tally.position++
    const entry: Pending = { run, position: tally.position, timeMs, kind, body }
    this.#pending.push(entry)
    return entry
  }
}

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

function cutOutput(lines: number, limit: number): RunOutput {
  return { type: 'stream', name: 'stderr', text: `\n[cut: this run showed more than ${limit / 1e6} MB; ${lines} later lines were not kept]\n` }
}

/** Splits printed text into lines; a line that an earlier entry left open goes on. A trailing newline marks a closed line until the end. */
function addPrinted(lines: LogLine[], timeMs: number, output: RunOutput): void {
  if (output.type !== 'stream') return
  for (const piece of output.text.split(/(?<=\n)/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.level === output.name && !last.message.endsWith('\n')) last.message += piece
    else if (piece !== '') lines.push({ timeMs, level: output.name, message: piece })
  }
}
