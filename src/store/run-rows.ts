/** Owns the way between a row of `runs` and a {@link RunRecord}. */
import type { RunOptions, RunRecord } from '../model/run.ts'
import type { StateType } from '../model/state.ts'

/** A row as the queries of runs.ts select it; `source_*` come from the run a cache hit reused. */
export interface RunRow {
  number: number
  id: string
  kind: RunRecord['kind']
  name: string
  run_name: string
  state_type: StateType
  state_name: string
  state_ms: number
  state_message: string
  attempt: number
  owner: string | null
  retry_at_ms: number | null
  options: string
  code_id: number
  environment_id: number
  parameters: string
  input_digests: string
  cache_key: string
  notebook: string | null
  parent_id: string | null
  tags: string
  created_ms: number
  started_ms: number | null
  ended_ms: number | null
  cached_from: number | null
  source_id: string | null
  source_ended_ms: number | null
  error: string | null
  progress: string | null
  last_log: string | null
  cpu_seconds: number | null
  peak_memory_bytes: number | null
  warnings: string
  has_result: number
  output_names: string
}

/** Columns for a {@link RunRow}, to be followed by conditions on `r`. */
export const SELECT_RUN = `
  SELECT r.*, t.body AS options, s.id AS source_id, s.ended_ms AS source_ended_ms
  FROM runs r JOIN texts t ON t.id = r.options_id LEFT JOIN runs s ON s.number = r.cached_from`

/** The record that clients see. */
export function recordOf(row: RunRow): RunRecord {
  return {
    id: row.id,
    shortId: `r${row.number}`,
    kind: row.kind,
    name: row.name,
    runName: row.run_name,
    state: { type: row.state_type, name: row.state_name, timeMs: row.state_ms, message: row.state_message },
    attempt: row.attempt,
    options: JSON.parse(row.options) as RunOptions,
    parameters: JSON.parse(row.parameters) as Record<string, unknown>,
    notebook: row.notebook,
    parentRunId: row.parent_id,
    tags: JSON.parse(row.tags) as string[],
    createdMs: row.created_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    cachedFrom: row.cached_from === null || row.source_id === null
      ? null
      : { runId: row.source_id, shortId: `r${row.cached_from}`, computedMs: row.source_ended_ms ?? row.created_ms },
    error: parsed(row.error),
    progress: parsed(row.progress),
    lastLog: row.last_log,
    cpuSeconds: row.cpu_seconds,
    peakMemoryBytes: row.peak_memory_bytes,
    warnings: JSON.parse(row.warnings) as string[],
    hasResult: row.has_result === 1,
    outputNames: JSON.parse(row.output_names) as string[],
  }
}

function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}

/** The number in a short id such as r12, else null. */
export function numberOf(shortId: string): number | null {
  const match = /^r(\d{1,15})$/.exec(shortId)
  return match === null ? null : Number(match[1])
}
