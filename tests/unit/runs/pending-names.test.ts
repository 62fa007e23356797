import { describe, expect, test } from 'vitest'
import { PendingNames } from '../../../kernel/runs/pending-names.ts'
import { TrackedRun } from '../../../kernel/runs/tracked-run.ts'
import { runRecord } from './run-records.ts'

const run = (shortId: string): TrackedRun => new TrackedRun(runRecord('RUNNING', { id: shortId, shortId }), { cellId: 'c1' })

describe('pending names', () => {
  test('code waits only for the runs whose names it uses', () => {
    const pending = new PendingNames()
    const [r1, r2] = [run('r1'), run('r2')]
    pending.add(r1, ['emb', 'loss'])
    pending.add(r2, ['other'])
    expect([...pending.neededBy(['console', 'emb', 'loss'])]).toEqual([[r1, ['emb', 'loss']]])
    expect(pending.neededBy(['x']).size).toBe(0)
  })

  test('of two runs for one name the one submitted last wins, whichever ends first', () => {
    const pending = new PendingNames()
    const [r1, r2] = [run('r1'), run('r2')]
    pending.add(r1, ['emb', 'loss'])
    expect(pending.add(r2, ['emb'])).toEqual([{ name: 'emb', run: r1 }])
    expect(pending.take(r2)).toEqual(['emb'])
    expect(pending.take(r1)).toEqual(['loss'])
    expect(pending.names).toEqual([])
  })

  test('a later cell that sets the name wins over the run', () => {
    const pending = new PendingNames()
    const r1 = run('r1')
    pending.add(r1, ['emb', 'loss'])
    expect(pending.overtake(['emb', 'x'])).toEqual([{ name: 'emb', run: r1 }])
    expect(pending.take(r1)).toEqual(['loss'])
  })

  test('a name that a failed run left unset is explained until something sets it', () => {
    const pending = new PendingNames()
    const r1 = run('r1')
    pending.add(r1, ['emb'])
    pending.leaveUnset(pending.take(r1), r1.record)
    expect(pending.unsetBy('emb')?.shortId).toBe('r1')
    pending.overtake(['emb'])
    expect(pending.unsetBy('emb')).toBeNull()
  })
})
