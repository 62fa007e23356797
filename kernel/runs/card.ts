/**
 * Owns what a run's card shows: its MIME bundle of data, script-free HTML and text.
 * Refuses scripts, style sheets and ids: the card must read well in an untrusted notebook, on GitHub and in a terminal.
 */
import { formatDuration } from '../../src/config/durations.ts'
import { escapeHtml } from '../../src/display/escape.ts'
import { type ErrorRecord } from '../../src/model/errors.ts'
import type { MimeBundle, Progress, RunRecord } from '../../src/model/run.ts'
import { isFinal, type StateType } from '../../src/model/state.ts'
import type { BarBeginning } from './tracked-run.ts'

/** MIME type that the JupyterLab extension draws. */
export const CARD_MIME = 'application/vnd.labflow.run+json'

/** Everything a card shows. Times are epoch milliseconds. */
export interface CardView {
  run: RunRecord
  /** Runs that this one started, in order of appearance. */
  children: readonly RunRecord[]
  /** Remarks of the notebook: a name that a later cell took, a restart. */
  notes: readonly string[]
  /** Whether a cell waits for this run, so that interrupting the kernel cancels it. */
  isAwaited: boolean
  nowMs: number
  /** Where the run's present bar began; left out or null: with the run. */
  barBegan?: BarBeginning | null
}

const COLOURS: Record<StateType, string> = {
  SCHEDULED: '#b7791f', PENDING: '#b7791f', RUNNING: '#2b7cd3', COMPLETED: '#2f9e44', FAILED: '#d9480f',
  CRASHED: '#c2255c', CANCELLING: '#868e96', CANCELLED: '#868e96', PAUSED: '#7048e8',
}
const BORDER = 'var(--jp-border-color2,#ccc)'

/** The bundle of one run's card. */
export function renderCard(view: CardView): MimeBundle {
  return {
    [CARD_MIME]: { version: 1, run: view.run, children: view.children, notes: view.notes, isAwaited: view.isAwaited, nowMs: view.nowMs, barBegan: view.barBegan ?? null },
    'text/html': cardHtml(view),
    'text/plain': cardText(view),
  }
}

/** The card of several runs that one cell called: counts, and the runs that matter most. */
export function renderGroupCard(views: readonly CardView[]): MimeBundle {
  const rows = [...views].sort((a, b) => urgency(a.run) - urgency(b.run)).slice(0, GROUP_ROWS)
  const hidden = views.length - rows.length
  const summary = groupSummary(views)
  const ended = views.filter((view) => isFinal(view.run.state.type)).length
  const lines = rows.map((view) => headHtml(view))
  const more = hidden > 0 ? `<div style="opacity:.7">and ${hidden} more · %runs</div>` : ''
  const body = `<div><b>${views.length} runs</b> <span style="opacity:.75">${escapeHtml(summary)}</span></div>${barHtml(ended, views.length)}${lines.join('')}${more}`
  return {
    [CARD_MIME]: { version: 1, runs: rows.map((view) => view.run), total: views.length, nowMs: views[0]?.nowMs ?? 0 },
    'text/html': frameHtml(COLOURS[groupState(views)], body),
    'text/plain': [`${views.length} runs: ${summary}`, ...rows.map((view) => headText(view)), ...(hidden > 0 ? [`and ${hidden} more`] : [])].join('\n'),
  }
}

/** How many runs a group card lists. */
const GROUP_ROWS = 6

/** `running`, or the refined name: `retrying`, `timed out`, `cached`. */
export function stateWord(run: RunRecord): string {
  const name = run.state.name
  const isRefined = name !== '' && name.toUpperCase() !== run.state.type
  return (isRefined ? name.replace(/([a-z])([A-Z])/g, '$1 $2') : run.state.type).toLowerCase()
}

/** Fraction done, from the run's own bar or, for a flow without one, from its finished children; null when unknown. */
export function fractionDone(view: Pick<CardView, 'run' | 'children'>): number | null {
  const { progress } = view.run
  if (progress?.total) return Math.min(1, progress.done / progress.total)
  return null
}

/** `about 18 s left`, when there is a total and something is done. */
export function remainingText(view: CardView): string | null {
  const { progress, startedMs, state } = view.run
  if (!progress?.total || startedMs === null || state.type !== 'RUNNING' || progress.done >= progress.total) return null
  const began = view.barBegan ?? { timeMs: startedMs, done: 0 }
  const done = progress.done - began.done
  if (done <= 0) return null
  return `about ${formatDuration(((view.nowMs - began.timeMs) * (progress.total - progress.done)) / done)} left`
}

/** `cached · computed 3 min ago by r4`. */
export function cacheText(view: Pick<CardView, 'run' | 'nowMs'>): string | null {
  const from = view.run.cachedFrom
  return from ? `cached · computed ${formatDuration(Math.max(0, view.nowMs - from.computedMs))} ago by ${from.shortId}` : null
}

function headParts(view: CardView): string[] {
  const { run } = view
  const parts = [run.shortId, run.kind]
  if (run.startedMs !== null && run.cachedFrom === null) parts.push(formatDuration(Math.max(0, (run.endedMs ?? view.nowMs) - run.startedMs)))
  if (run.options.retries > 0 || run.attempt > 1) parts.push(`attempt ${Math.max(1, run.attempt)} of ${run.options.retries + 1}`)
  return parts
}

function details(view: CardView): { text: string; isError?: boolean; isMono?: boolean }[] {
  const { run } = view
  const isRunning = !isFinal(run.state.type)
  const lines: { text: string; isError?: boolean; isMono?: boolean }[] = []
  const cached = cacheText(view)
  if (cached) lines.push({ text: cached })
  if (run.state.message !== '' && (run.state.type === 'CANCELLED' || (isRunning && run.state.type !== 'RUNNING'))) lines.push({ text: run.state.message })
  const current = view.children.filter((child) => child.state.type === 'RUNNING')
  if (view.children.length > 0) lines.push({ text: childrenText(view.children, isRunning ? current : []) })
  const metrics = metricsText(run.progress)
  if (metrics) lines.push({ text: metrics })
  if (run.lastLog) lines.push({ text: run.lastLog, isMono: true })
  for (const warning of run.warnings) lines.push({ text: `warning: ${warning}` })
  for (const note of view.notes) lines.push({ text: note })
  // A cancelled run's process was killed: that is how it ended, not what went wrong.
  if (run.error && run.state.type !== 'CANCELLED') lines.push({ text: errorLine(run.error), isError: true })
  return lines
}

function childrenText(children: readonly RunRecord[], current: readonly RunRecord[]): string {
  const ended = children.filter((child) => isFinal(child.state.type)).length
  const names = [...new Set(current.map((child) => child.runName))]
  const now = names.length > 0 ? ` · now ${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}` : ''
  const cached = children.filter((child) => child.cachedFrom !== null).length
  return `${ended} of ${children.length} task runs ended${cached > 0 ? ` · ${cached} cached` : ''}${now}`
}

function metricsText(progress: Progress | null): string | null {
  const metrics = Object.entries(progress?.metrics ?? {})
  return metrics.length === 0 ? null : metrics.map(([name, value]) => `${name} ${formatNumber(value)}`).join(' · ')
}

function errorLine(error: ErrorRecord): string {
  const first = `${error.name}: ${error.message}`.split('\n')[0] as string
  return first.length > 300 ? `${first.slice(0, 300)}…` : first
}

function progressText(view: CardView): string | null {
  const { progress } = view.run
  if (!progress) return null
  const fraction = fractionDone(view)
  if (fraction === 1 && isFinal(view.run.state.type)) return null
  const count = progress.total === null ? formatNumber(progress.done) : `${formatNumber(progress.done)} of ${formatNumber(progress.total)}`
  return [progress.label, fraction === null ? null : `${Math.floor(fraction * 100)} %`, count, remainingText(view)].filter(Boolean).join(' · ')
}

function hintText(view: CardView): string | null {
  if (isFinal(view.run.state.type)) return null
  return `%cancel ${view.run.shortId}`
}

function headHtml(view: CardView): string {
  const { run } = view
  const colour = COLOURS[run.state.type]
  return (
    `<div><span style="color:${colour};font-weight:600">${symbolOf(run)} ${escapeHtml(stateWord(run))}</span> ` +
    `<b>${escapeHtml(run.runName)}</b> <span style="opacity:.75">${escapeHtml(headParts(view).join(' · '))}</span></div>`
  )
}

function cardHtml(view: CardView): string {
  const text = progressText(view)
  const isRunning = !isFinal(view.run.state.type)
  const bar = isRunning && view.run.progress?.total ? barHtml(view.run.progress.done, view.run.progress.total) : ''
  const progress = text ? `<div>${bar} <span style="opacity:.85">${escapeHtml(text)}</span></div>` : ''
  const lines = details(view).map((line) => {
    const style = `${line.isMono ? 'font-family:var(--jp-code-font-family,monospace);white-space:pre-wrap;' : ''}${line.isError ? `color:${COLOURS.FAILED}` : 'opacity:.85'}`
    return `<div style="${style}">${escapeHtml(line.text)}</div>`
  })
  return frameHtml(COLOURS[view.run.state.type], headHtml(view) + progress + lines.join('') + footHtml(view))
}

function footHtml(view: CardView): string {
  const hint = hintText(view)
  if (hint === null) return ''
  const stop = view.isAwaited
    ? `<button data-commandlinker-command="notebook:interrupt-kernel" data-commandlinker-args="{}" style="margin-left:8px;padding:0 8px;color:inherit;background:transparent;border:1px solid ${BORDER};border-radius:3px;cursor:pointer">■ stop</button>`
    : ''
  return `<div style="opacity:.75"><code style="background:transparent">${escapeHtml(hint)}</code>${stop}</div>`
}

function frameHtml(colour: string, body: string): string {
  return `<div style="border:1px solid ${BORDER};border-left:4px solid ${colour};border-radius:4px;padding:7px 12px;margin:3px 0;line-height:1.5;overflow-wrap:anywhere;color:inherit;background:transparent">${body}</div>`
}

function barHtml(done: number, total: number): string {
  return `<progress value="${Number(done)}" max="${Number(total)}" style="width:240px;vertical-align:middle;accent-color:${COLOURS.RUNNING}"></progress>`
}

function headText(view: CardView): string {
  return `${symbolOf(view.run)} ${stateWord(view.run)} ${view.run.runName} · ${headParts(view).join(' · ')}`
}

function cardText(view: CardView): string {
  const progress = progressText(view)
  const fraction = fractionDone(view)
  const bar = progress && fraction !== null ? `[${'█'.repeat(Math.floor(fraction * 20)).padEnd(20, '░')}] ` : ''
  const hint = hintText(view)
  return [headText(view), ...(progress ? [bar + progress] : []), ...details(view).map((line) => line.text), ...(hint ? [hint] : [])].join('\n')
}

function symbolOf(run: RunRecord): string {
  switch (run.state.type) {
    case 'COMPLETED':
      return '✓'
    case 'FAILED':
    case 'CRASHED':
      return '✗'
    case 'CANCELLED':
    case 'CANCELLING':
      return '■'
    case 'RUNNING':
      return '▶'
    default:
      return '◦'
  }
}

function groupSummary(views: readonly CardView[]): string {
  const counts = new Map<string, number>()
  for (const { run } of views) {
    const word = run.cachedFrom ? 'cached' : run.state.type.toLowerCase()
    counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(' · ')
}

function groupState(views: readonly CardView[]): StateType {
  const types = views.map((view) => view.run.state.type)
  const order: StateType[] = ['RUNNING', 'PENDING', 'SCHEDULED', 'CRASHED', 'FAILED', 'CANCELLING', 'CANCELLED', 'PAUSED']
  return order.find((type) => types.includes(type)) ?? 'COMPLETED'
}

/** Failed first, then running, waiting, ended. */
function urgency(run: RunRecord): number {
  const order: Record<StateType, number> = { FAILED: 0, CRASHED: 0, RUNNING: 1, CANCELLING: 1, PAUSED: 2, PENDING: 3, SCHEDULED: 3, CANCELLED: 4, COMPLETED: 5 }
  return order[run.state.type]
}

function formatNumber(value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return String(value)
  return String(Number(value.toPrecision(4)))
}
