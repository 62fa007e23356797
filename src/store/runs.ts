/**
 * Owns the rows of runs and attempts. Every write of a state names the state and the owner it expects to find,
 * so that two owners can never both move one run; a write that finds something else throws and changes nothing.
 */
import { LabflowError } from '../model/errors.ts'
import type { CodeBundle, RunEnvironment, RunOptions, RunRecord, Submission } from '../model/run.ts'
import type { RunState } from '../model/state.ts'
import type { RunFilter } from '../wire/engine-protocol.ts'
import type { Statement, StoreDatabase } from './open.ts'
import { numberOf, recordOf, SELECT_RUN } from './run-rows.ts'
import type { RunRow } from './run-rows.ts'
import { TextStore } from './texts.ts'

/** What a write expects to find: the state type and the nonce of the attempt that owns the run. */
export interface ExpectedRow {
  type: RunState['type']
  owner: string | null
}

/** A process that runs an attempt, as the next executor needs to know it. */
export interface AttemptRow {
  run: number
  attempt: number
  nonce: string
  pid: number
  /** Start time of the process from /proc; null where there is none. */
  processStart: string | null
  spoolPath: string
  assignedMs: number
}

/** A run that had not ended when the store was last closed. */
export interface OpenRun {
  number: number
  record: RunRecord
  owner: string | null
  retryAtMs: number | null
  submission: Submission
  attempt: AttemptRow | null
}

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 10_000

export class RunStore {
  readonly texts: TextStore
  readonly #database: StoreDatabase
  readonly #insert: Statement
  readonly #update: Statement
  readonly #touch: Statement
  readonly #addState: Statement
  readonly #addAttempt: Statement
  readonly #lastAttempt: Statement
  readonly #byNumber: Statement
  readonly #byId: Statement
  readonly #numberById: Statement
  readonly #byPrefix: Statement
  readonly #byName: Statement
  readonly #completedChild: Statement
  #lastNumber: number

  constructor(database: StoreDatabase) {
    this.#database = database
    this.texts = new TextStore(database)
    this.#insert = database.prepare(`INSERT INTO runs (number, id, kind, name, run_name, state_type, state_name, state_ms, state_message, attempt,
      options_id, code_id, environment_id, parameters, input_digests, cache_key, notebook, parent_id, tags, created_ms, started_ms, ended_ms,
      cached_from, warnings, has_result, output_names)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    this.#update = database.prepare(`UPDATE runs SET state_type = ?, state_name = ?, state_ms = ?, state_message = ?, attempt = ?, owner = ?,
      retry_at_ms = ?, started_ms = ?, ended_ms = ?, cached_from = ?, error = ?, progress = ?, last_log = ?, cpu_seconds = ?, peak_memory_bytes = ?,
      warnings = ?, has_result = ?, output_names = ? WHERE number = ? AND state_type = ? AND owner IS ?`)
    this.#touch = database.prepare('UPDATE runs SET progress = ?, last_log = ?, warnings = ? WHERE number = ?')
    this.#addState = database.prepare(`INSERT INTO states (run, position, type, name, time_ms, message, attempt)
      VALUES (?, (SELECT coalesce(max(position), 0) + 1 FROM states WHERE run = ?), ?, ?, ?, ?, ?)`)
    this.#addAttempt = database.prepare(`INSERT INTO attempts (run, attempt, nonce, pid, process_start, spool_path, assigned_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`)
    this.#lastAttempt = database.prepare(`SELECT run, attempt, nonce, pid, process_start AS processStart, spool_path AS spoolPath, assigned_ms AS assignedMs
      FROM attempts WHERE run = ? ORDER BY attempt DESC LIMIT 1`)
    this.#byNumber = database.prepare(`${SELECT_RUN} WHERE r.number = ?`)
    this.#byId = database.prepare(`${SELECT_RUN} WHERE r.id = ?`)
    this.#numberById = database.prepare('SELECT number FROM runs WHERE id = ?').pluck()
    this.#byPrefix = database.prepare(`${SELECT_RUN} WHERE r.id >= ? AND r.id < ? ORDER BY r.number DESC LIMIT 2`)
    this.#byName = database.prepare(`${SELECT_RUN} WHERE r.run_name = ? OR r.name = ? ORDER BY coalesce(r.notebook = ?, 0) DESC, r.number DESC LIMIT 1`)
    this.#completedChild = database.prepare(
      `SELECT coalesce(cached_from, number) FROM runs WHERE parent_id = ? AND cache_key = ? AND state_type = 'COMPLETED' ORDER BY number DESC LIMIT 1`).pluck()
    this.#lastNumber = (database.prepare('SELECT coalesce(max(number), 0) FROM runs').pluck().get() as number)
  }

  /** Number for the next run: r1, r2, … without gaps as long as no run is deleted from the end. */
  nextNumber(): number {
    return ++this.#lastNumber
  }

  /** Writes a run that was just submitted. */
  insert(number: number, record: RunRecord, submission: Submission, cachedFrom: number | null): void {
    const { state } = record
    this.#insert.run(number, record.id, record.kind, record.name, record.runName, state.type, state.name, state.timeMs, state.message, record.attempt,
      this.texts.intern(submission.options), this.texts.intern(submission.code), this.texts.intern(submission.environment),
      JSON.stringify(record.parameters), JSON.stringify(submission.inputDigests), submission.cacheKey, record.notebook, record.parentRunId,
      JSON.stringify(record.tags), record.createdMs, record.startedMs, record.endedMs, cachedFrom, JSON.stringify(record.warnings),
      record.hasResult ? 1 : 0, JSON.stringify(record.outputNames))
    this.#addState.run(number, number, state.type, state.name, state.timeMs, state.message, record.attempt)
  }

  /** Writes a transition. @throws LabflowError INTERNAL when the row is not in the expected state with the expected owner. */
  advance(number: number, record: RunRecord, expected: ExpectedRow, owner: string | null, retryAtMs: number | null, cachedFrom: number | null): void {
    const { state } = record
    const done = this.#update.run(state.type, state.name, state.timeMs, state.message, record.attempt, owner, retryAtMs, record.startedMs, record.endedMs,
      cachedFrom, jsonOrNull(record.error), jsonOrNull(record.progress), record.lastLog, record.cpuSeconds, record.peakMemoryBytes,
      JSON.stringify(record.warnings), record.hasResult ? 1 : 0, JSON.stringify(record.outputNames), number, expected.type, expected.owner)
    if (done.changes !== 1) {
      throw new LabflowError('INTERNAL', `r${number} was not ${expected.type} any more (owner ${expected.owner ?? 'none'}) when it should have become ${state.type}.`)
    }
    this.#addState.run(number, number, state.type, state.name, state.timeMs, state.message, record.attempt)
  }

  /** Writes what changes without a transition: progress, last log line, remarks. */
  touch(number: number, record: RunRecord): void {
    this.#touch.run(jsonOrNull(record.progress), record.lastLog, JSON.stringify(record.warnings), number)
  }

  addAttempt(row: AttemptRow): void {
    this.#addAttempt.run(row.run, row.attempt, row.nonce, row.pid, row.processStart, row.spoolPath, row.assignedMs)
  }

  byNumber(number: number): RunRecord | null {
    return maybeRecord(this.#byNumber.get(number))
  }

  byId(id: string): RunRecord | null {
    return maybeRecord(this.#byId.get(id))
  }

  /** Number of a completed run that this parent submitted under this key: of the run that computed it. */
  completedChild(parentRunId: string, cacheKey: string): number | null {
    return (this.#completedChild.get(parentRunId, cacheKey) as number | undefined) ?? null
  }

  /** Number of a run by its long id. */
  numberById(id: string): number | null {
    return (this.#numberById.get(id) as number | undefined) ?? null
  }

  /**
   * The run meant by a long id, its prefix (4 characters at least), a short id or a name: the newest so named, in `notebook` first.
   * @throws LabflowError NO_SUCH_RUN.
   */
  resolve(reference: string, notebook: string | null): { number: number; record: RunRecord } {
    const row = this.#find(reference, notebook)
    if (row === undefined) {
      throw new LabflowError('NO_SUCH_RUN', `No run "${reference}" in this project: %runs lists them. An id looks like r12; a name means its newest run.`)
    }
    return { number: row.number, record: recordOf(row) }
  }

  #find(reference: string, notebook: string | null): RunRow | undefined {
    const number = numberOf(reference)
    const byNumber = number === null ? undefined : (this.#byNumber.get(number) as RunRow | undefined)
    if (byNumber !== undefined) return byNumber
    if (/^[0-9a-f][0-9a-f-]{3,35}$/.test(reference)) {
      const rows = this.#byPrefix.all(reference, `${reference}g`) as RunRow[]
      if (rows.length === 1) return rows[0]
    }
    return this.#byName.get(reference, reference, notebook) as RunRow | undefined
  }

  /** Runs that match, newest first. */
  list(filter: RunFilter): RunRecord[] {
    const conditions: string[] = []
    const values: unknown[] = []
    const add = (condition: string, ...more: unknown[]): void => {
      conditions.push(condition)
      values.push(...more)
    }
    if (filter.name !== undefined) add('(r.name = ? OR r.run_name = ?)', filter.name, filter.name)
    if (filter.tag !== undefined) add('EXISTS (SELECT 1 FROM json_each(r.tags) WHERE value = ?)', filter.tag)
    if (filter.states !== undefined) add(`r.state_type IN (${filter.states.map(() => '?').join(',')})`, ...filter.states)
    if (filter.notebook !== undefined) add('r.notebook = ?', filter.notebook)
    if (filter.parentRunId !== undefined) add('r.parent_id = ?', filter.parentRunId)
    if (filter.sinceMs !== undefined) add('r.created_ms >= ?', filter.sinceMs)
    const limit = Math.max(1, Math.min(MAX_LIMIT, Math.trunc(filter.limit ?? DEFAULT_LIMIT)))
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const rows = this.#database.prepare(`${SELECT_RUN} ${where} ORDER BY r.number DESC LIMIT ${limit}`).all(...values) as RunRow[]
    return rows.map(recordOf)
  }

  /** Every run that has not ended, oldest first, with all that is needed to go on with it. */
  open(): OpenRun[] {
    const rows = this.#database.prepare(`${SELECT_RUN} WHERE r.ended_ms IS NULL ORDER BY r.number`).all() as RunRow[]
    return rows.map((row) => ({
      number: row.number,
      record: recordOf(row),
      owner: row.owner,
      retryAtMs: row.retry_at_ms,
      submission: this.#submissionOf(row),
      attempt: (this.#lastAttempt.get(row.number) as AttemptRow | undefined) ?? null,
    }))
  }

  #submissionOf(row: RunRow): Submission {
    return {
      kind: row.kind,
      name: row.name,
      runName: row.run_name,
      code: this.texts.read<CodeBundle>(row.code_id),
      options: JSON.parse(row.options) as RunOptions,
      environment: this.texts.read<RunEnvironment>(row.environment_id),
      cacheKey: row.cache_key,
      inputDigests: JSON.parse(row.input_digests) as Record<string, string>,
      parameters: JSON.parse(row.parameters) as Record<string, unknown>,
      notebook: row.notebook,
      parentRunId: row.parent_id,
    }
  }
}

function maybeRecord(row: unknown): RunRecord | null {
  return row === undefined ? null : recordOf(row as RunRow)
}

function jsonOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value)
}
