/**
 * Owns the words and numbers of a card, as the kernel's own text and HTML say them.
 */
import { formatDuration } from '../../../src/config/durations.ts'
import type { CardData, CardRun } from './card-data.ts'

const FINAL = ['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED']

/** Whether the run has ended. */
export function hasEnded(run: CardRun): boolean {
  return FINAL.includes(run.state)
}

/** `r3 · task · 12.0 s · attempt 2 of 3`. */
export function factsText(run: CardRun, nowMs: number): string {
  const elapsed = run.startedMs === null || run.cachedFrom !== null ? null : durationText((run.endedMs ?? nowMs) - run.startedMs)
  const attempt = run.retries > 0 || run.attempt > 1 ? `attempt ${Math.max(1, run.attempt)} of ${run.retries + 1}` : null
  return [run.shortId, run.kind, elapsed, attempt].filter(Boolean).join(' · ')
}

/** `epochs · 25 % · 20 of 80 · about 30.0 s left · loss 0.12`; of a run that reached its end only what still matters; null when that is nothing. */
export function progressText(run: CardRun, card: Pick<CardData, 'nowMs' | 'barBegan'>): string | null {
  const { progress } = run
  if (progress === null) return null
  const { label, done, total, metrics } = progress
  const isWhole = hasEnded(run) && total !== null && done >= total
  const percent = total !== null && total > 0 ? `${Math.floor((100 * done) / total)} %` : null
  const count = total === null ? numberText(done) : `${numberText(done)} of ${numberText(total)}`
  const left = hasEnded(run) ? null : remainingText(run, card)
  const parts = isWhole ? [] : [label, percent, count, left]
  return [...parts, ...Object.entries(metrics).map(([name, value]) => `${name} ${numberText(value)}`)].filter(Boolean).join(' · ') || null
}

/** `computed 3 min ago by r4`. */
export function cacheText(run: CardRun, nowMs: number): string | null {
  return run.cachedFrom === null ? null : `computed ${durationText(nowMs - run.cachedFrom.computedMs)} ago by ${run.cachedFrom.shortId}`
}

/** `1 of 4 task runs ended · now embed`. */
export function childrenText(card: CardData, isAtWork: boolean): string | null {
  if (card.children.length === 0) return null
  const ended = card.children.filter(hasEnded).length
  const current = [...new Set(card.children.filter((child) => child.state === 'RUNNING').map((child) => child.runName))]
  const now = isAtWork && current.length > 0 ? ` · now ${current.slice(0, 3).join(', ')}${current.length > 3 ? ', …' : ''}` : ''
  const cached = card.children.filter((child) => child.cachedFrom !== null).length
  return `${ended} of ${card.children.length} task runs ended${cached > 0 ? ` · ${cached} cached` : ''}${now}`
}

function remainingText(run: CardRun, { nowMs, barBegan }: Pick<CardData, 'nowMs' | 'barBegan'>): string | null {
  const { progress, startedMs } = run
  if (progress === null || progress.total === null || progress.done >= progress.total || startedMs === null) return null
  const began = barBegan ?? { timeMs: startedMs, done: 0 }
  const done = progress.done - began.done
  return done <= 0 ? null : `about ${durationText(((nowMs - began.timeMs) * (progress.total - progress.done)) / done)} left`
}

function numberText(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)))
}

function durationText(durationMs: number): string {
  return formatDuration(Math.max(0, durationMs))
}
