/**
 * Owns `%runs`: the newest runs as a table.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { commaList, type OptionSpec } from '../src/config/option-table.ts'
import { formatDuration } from '../src/config/durations.ts'
import { escapeHtml } from '../src/display/escape.ts'
import { LabflowError } from '../src/model/errors.ts'
import type { RunRecord } from '../src/model/run.ts'
import { STATE_TYPES, type StateType } from '../src/model/state.ts'
import { stateWord } from '../kernel/runs/card.ts'
import { type Magic, written } from '../kernel/cell/magic.ts'

interface RunsOptions {
  limit?: number
  state?: StateType[]
  tag?: string
  here?: boolean
}

const OPTIONS: readonly OptionSpec[] = [
  { name: 'limit', value: 'required', form: 'N', help: 'how many, newest first; 20 unless told', parse: readLimit },
  { name: 'state', value: 'required', form: 'failed,running', help: 'only runs in these states', isRepeatable: true, parse: readStates },
  { name: 'tag', value: 'required', form: 'TAG', help: 'only runs with this tag', parse: (text) => text },
  { name: 'here', value: 'none', form: '', help: 'only runs of this notebook', parse: () => true },
]

export const runs: Magic = {
  name: 'runs',
  kinds: ['line'],
  usage: '%runs [name] [--limit N] [--state failed] [--tag TAG] [--here]',
  summary: "Lists the project's newest runs.",
  options: OPTIONS,
  async run(call, context) {
    const { words, options } = parseOptionLine<RunsOptions>(call.argument, OPTIONS, { magic: written(call), maxWords: 1 })
    const { engine, notebookName } = context.notebook
    const filter = { limit: options.limit ?? 20, name: words[0], states: options.state, tag: options.tag, notebook: options.here ? (notebookName ?? undefined) : undefined }
    const { result } = await engine.request('list', { filter: JSON.parse(JSON.stringify(filter)) as typeof filter })
    const nowMs = Date.now()
    if (result.runs.length === 0) return context.output.stream('stdout', 'no runs\n')
    const rows = result.runs.map((run) => rowOf(run, nowMs))
    context.output.display({ 'text/html': htmlTable(rows), 'text/plain': textTable(rows) }, {}, null, false)
  },
}

const HEADINGS = ['run', 'name', 'kind', 'state', 'started', 'took', 'detail']

function rowOf(run: RunRecord, nowMs: number): string[] {
  const tookMs = run.startedMs === null ? null : (run.endedMs ?? nowMs) - run.startedMs
  const started = `${formatDuration(Math.max(0, nowMs - (run.startedMs ?? run.createdMs)))} ago`
  const detail = run.error ? `${run.error.name}: ${run.error.message.split('\n')[0]}` : run.cachedFrom ? `from ${run.cachedFrom.shortId}` : progressOf(run)
  return [run.shortId, run.runName, run.kind, stateWord(run), started, tookMs === null ? '' : formatDuration(Math.max(0, tookMs)), shorten(detail)]
}

function progressOf(run: RunRecord): string {
  if (run.progress?.total) return `${Math.floor((100 * run.progress.done) / run.progress.total)} %`
  return run.lastLog ?? ''
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function htmlTable(rows: readonly string[][]): string {
  const cell = (tag: string, text: string): string => `<${tag} style="text-align:left;padding:2px 10px;white-space:nowrap">${escapeHtml(text)}</${tag}>`
  const head = `<tr>${HEADINGS.map((text) => cell('th', text)).join('')}</tr>`
  return `<table style="border-collapse:collapse"><thead>${head}</thead><tbody>${rows.map((row) => `<tr>${row.map((text) => cell('td', text)).join('')}</tr>`).join('')}</tbody></table>`
}

/** Columns of text, as wide as their widest entry. */
export function textTable(rows: readonly string[][], headings: readonly string[] = HEADINGS): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n')
}

function readLimit(text: string | null): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 10_000) return value
  throw new LabflowError('BAD_OPTION', `--limit got "${text}", but takes a whole number from 1 to 10000`)
}

function readStates(text: string | null): StateType[] {
  return commaList(text ?? '').map((word) => {
    const state = STATE_TYPES.find((candidate) => candidate === word.toUpperCase())
    if (state) return state
    throw new LabflowError('BAD_OPTION', `--state got "${word}", but takes ${STATE_TYPES.map((type) => type.toLowerCase()).join(', ')}`)
  })
}
