/**
 * Owns how runs and sizes are printed on a terminal: aligned columns, no colour when the output is no terminal.
 */
import { formatDuration } from '../config/durations.ts'
import type { RunRecord } from '../model/run.ts'

const COLOURS: Record<string, string> = { COMPLETED: '32', RUNNING: '36', PENDING: '33', SCHEDULED: '33', FAILED: '31', CRASHED: '31', CANCELLED: '35', CANCELLING: '35' }

/** Bytes for people, in powers of ten: `1.5 MB`. */
export function formatSize(sizeBytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = sizeBytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** The state's name, and its type where the name alone would not tell. */
export function stateWords(run: RunRecord): string {
  const { type, name } = run.state
  return name.toUpperCase() === type ? type : `${type} (${name})`
}

/** A table of runs, newest first as given. */
export function formatRuns(runs: RunRecord[], isTerminal: boolean): string {
  if (runs.length === 0) return 'no runs yet'
  const now = Date.now()
  const rows = runs.map((run) => [
    run.shortId,
    run.kind,
    run.runName === run.name ? run.name : `${run.runName} (${run.name})`,
    stateWords(run),
    run.startedMs === null ? '' : formatDuration((run.endedMs ?? now) - run.startedMs),
    `${formatDuration(now - run.createdMs)} ago`,
    run.error === null ? (run.progress === null ? '' : progressWords(run.progress)) : `${run.error.name}: ${run.error.message.split('\n')[0]}`.slice(0, 60),
  ])
  const header = ['run', 'kind', 'name', 'state', 'took', 'submitted', '']
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()
  return [
    line(header),
    ...rows.map((row, index) => {
      const colour = COLOURS[runs[index]?.state.type ?? '']
      return isTerminal && colour !== undefined ? `\u001b[${colour}m${line(row)}\u001b[0m` : line(row)
    }),
  ].join('\n')
}

function progressWords(progress: { done: number; total: number | null; label: string }): string {
  const share = progress.total === null ? String(progress.done) : `${Math.round((100 * progress.done) / Math.max(1, progress.total))} %`
  return `${progress.label} ${share}`.trim()
}
