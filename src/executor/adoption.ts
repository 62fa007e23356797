/**
 * Owns what a new executor does with the runs an earlier one left: waiting ones go on waiting, attempts whose process lives are
 * taken over, spools of dead ones are read, and only an attempt with neither outcome nor process is CRASHED. Never two owners at once.
 */
import { dirname } from 'node:path'
import type { OpenRun } from '../store/runs.ts'
import { isSameFolder } from '../wire/private-folder.ts'
import type { Engine } from './engine.ts'
import { LiveRun } from './live-run.ts'
import { OrphanLink } from './orphan-link.ts'

/** A worker that stays after its result was taken over gets this long to end by itself. */
const FAREWELL_MS = 5_000

/** Workers of an earlier executor, by run. */
export type Orphans = Map<string, OrphanLink>

/** Takes over every run that had not ended. Call before clients are let in. */
export function adoptRuns(engine: Engine, orphans: Orphans, log: (words: string) => void): void {
  const open = engine.store.runs.open()
  engine.store.dropSpoolsExcept(new Set(open.map(({ record }) => record.id)))
  const lives: { run: LiveRun; found: OpenRun }[] = []
  for (const found of open) {
    const parent = found.record.parentRunId === null ? null : (engine.book.find(found.record.parentRunId) ?? null)
    const run = new LiveRun(found.number, found.record, found.submission, null, parent)
    run.owner = found.owner
    engine.book.add(run)
    lives.push({ run, found })
  }
  for (const { run, found } of lives) if (found.owner !== null) adoptAttempt(engine, run, found, orphans, log)
  for (const { run, found } of lives) if (found.owner === null) goOnWaiting(engine, run, found)
  if (open.length > 0) log(`${open.length} runs of an earlier executor go on, ${orphans.size} of them in their own processes`)
}

function goOnWaiting(engine: Engine, run: LiveRun, found: OpenRun): void {
  const timeMs = engine.clock.nowMs()
  if (found.retryAtMs !== null) {
    if (found.retryAtMs < timeMs) engine.book.apply(run, { type: 'late', timeMs })
    engine.armRetry(run, found.retryAtMs)
    return
  }
  const leader = engine.cacheDesk.leaderOf(run.submission)
  if (run.record.state.name === 'AwaitingCache' && leader !== null) {
    leader.followers.push(run)
    return
  }
  if (run.record.state.name === 'AwaitingCache') engine.book.apply(run, { type: 'queued', timeMs })
  engine.cacheDesk.lead(run)
  engine.dispatcher.enqueue(run)
}

function adoptAttempt(engine: Engine, run: LiveRun, found: OpenRun, orphans: Orphans, log: (words: string) => void): void {
  const row = found.attempt
  engine.cacheDesk.lead(run)
  engine.dispatcher.occupy(run)
  const isElsewhere = row !== null && !isSameFolder(dirname(dirname(row.spoolPath)), engine.store.folder)
  if (row === null || row.nonce !== found.owner || isElsewhere) {
    // The process of a copied store's run belongs to the original: not to be waited for, and never to be signalled.
    const message = isElsewhere ? 'the store was copied or moved while it ran' : 'the store has no record of the process that ran it'
    engine.dispatcher.release(run)
    engine.book.apply(run, { type: 'crashed', timeMs: engine.clock.nowMs(), message, random: Math.random() },
      { record: { error: { name: 'Crashed', message, code: 'RUN_CRASHED', traceback: [] } } })
    return
  }
  const link = new OrphanLink(row.pid, row.processStart, row.spoolPath, {
    onMessage: (message, buffers) => engine.attempts.onMessage(attempt, message, buffers),
    onGone: (words) => {
      orphans.delete(run.record.id)
      // The outcome may be among the frames just read: it is taken up two turns later.
      engine.clock.soon(() => engine.clock.soon(() => engine.clock.soon(() => engine.attempts.onProcessGone(attempt, words))))
    },
  })
  const attempt = engine.attempts.adopt(run, row, link)
  orphans.set(run.record.id, link)
  log(`${run.record.shortId}: attempt ${row.attempt} in process ${row.pid} ${link.isAlive ? 'still runs' : 'has ended'}`)
  link.watch(engine.clock)
}

/** Lets go of a taken-over worker whose outcome is known: told to end, and made to when it does not. */
export function dismissOrphan(engine: Engine, runId: string, orphans: Orphans): void {
  const link = orphans.get(runId)
  if (link === undefined) return
  orphans.delete(runId)
  link.send({ type: 'exit' })
  engine.clock.after(FAREWELL_MS, () => {
    link.stop()
    link.signal('SIGKILL')
  }, false)
}
