/**
 * Owns the progress bars of plain cells: one line of text a bar under its cell, replaced in place, at most five times a second; the last state always.
 */
import { setFallbackSink } from '../../src/api/context.ts'
import type { DisplayApi } from '../../src/display/index.ts'
import type { Progress } from '../../src/model/run.ts'

const INTERVAL_MS = 200
const BAR_CHARS = 24

/** Shows what `progress()` and `logger` report outside of any run. */
export function showProgressUnderCells(api: DisplayApi): void {
  const shownAt = new Map<string, number>()
  setFallbackSink({
    progress(progress) {
      const now = performance.now()
      const isEnd = progress.total !== null && progress.done >= progress.total
      if (!isEnd && now - (shownAt.get(progress.barId) ?? -INTERVAL_MS) < INTERVAL_MS) return
      shownAt.set(progress.barId, now)
      api.display.raw({ 'text/plain': barText(progress) }, { id: progress.barId })
    },
    log: (level, message) => void console.error(`${level}: ${message}`),
  })
}

function barText({ label, done, total, metrics }: Progress): string {
  const values = Object.entries(metrics).map(([name, value]) => `${name} ${value}`)
  if (total === null) return [label, String(done), ...values].filter(Boolean).join(' · ')
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(share * BAR_CHARS)
  return [label, `${'█'.repeat(filled)}${'░'.repeat(BAR_CHARS - filled)} ${Math.round(share * 100)} %`, `${done}/${total}`, ...values].filter(Boolean).join(' · ')
}
