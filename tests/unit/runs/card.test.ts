import { describe, expect, test } from 'vitest'
import { CARD_MIME, type CardView, renderCard, renderGroupCard } from '../../../kernel/runs/card.ts'
import { TrackedRun } from '../../../kernel/runs/tracked-run.ts'
import { runRecord } from './run-records.ts'

const view = (changes: Partial<CardView>): CardView => ({ run: runRecord('RUNNING'), children: [], notes: [], isAwaited: false, nowMs: 11_000, ...changes })
const html = (changes: Partial<CardView>): string => String(renderCard(view(changes))['text/html'])
const text = (changes: Partial<CardView>): string => String(renderCard(view(changes))['text/plain'])

describe('a card', () => {
  test('tells state in words, elapsed time, attempt, percent and time left', () => {
    const run = runRecord('RUNNING', {
      attempt: 2, options: { ...runRecord('RUNNING').options, retries: 2 }, lastLog: 'epoch 20 done',
      progress: { barId: 'b', label: 'epochs', done: 20, total: 80, metrics: { loss: 0.123456 } },
    })
    for (const shown of [html({ run }), text({ run })]) {
      for (const part of ['running', 'fit', 'r7', '10.0 s', 'attempt 2 of 3', '25 %', '20 of 80', 'about 30.0 s left', 'loss 0.1235', 'epoch 20 done', '%cancel r7']) expect(shown).toContain(part)
    }
    expect(html({ run })).toContain('<progress value="20" max="80"')
  })

  test('a cache hit says how old it is and whose it was', () => {
    const run = runRecord('COMPLETED', { cachedFrom: { runId: 'x', shortId: 'r4', computedMs: 11_000 - 180_000 } })
    expect(text({ run })).toContain('cached · computed 3 min ago by r4')
    expect(text({ run })).not.toContain('%cancel')
  })

  test('an error, warnings and notes are shown; a finished run has no cancel hint', () => {
    const run = runRecord('FAILED', { endedMs: 3000, error: { name: 'TypeError', message: 'x is no number\nmore', traceback: [] }, warnings: ['arr was changed'] })
    const shown = text({ run, notes: ['emb was set again later'] })
    expect(shown).toContain('failed')
    expect(shown).toContain('2.0 s')
    expect(shown).toContain('TypeError: x is no number')
    expect(shown).not.toContain('more')
    expect(shown).toContain('warning: arr was changed')
    expect(shown).toContain('emb was set again later')
  })

  test('a refined state name is what people read', () => {
    expect(text({ run: runRecord('SCHEDULED', { state: { type: 'SCHEDULED', name: 'AwaitingRetry', timeMs: 0, message: 'again in 10 s' } }) })).toMatch(/awaiting retry[^]*again in 10 s/)
    expect(text({ run: runRecord('FAILED', { state: { type: 'FAILED', name: 'TimedOut', timeMs: 0, message: '' } }) })).toContain('timed out')
  })

  test('a flow names its task at work', () => {
    const children = [runRecord('COMPLETED', { id: 'a', runName: 'load' }), runRecord('RUNNING', { id: 'b', runName: 'embed' })]
    expect(text({ children })).toContain('1 of 2 task runs ended · now embed')
  })

  test('a waiting cell has a stop button without a script', () => {
    expect(html({ isAwaited: true })).toContain('data-commandlinker-command="notebook:interrupt-kernel"')
    expect(html({ isAwaited: false })).not.toContain('button')
  })

  test('nothing from a run becomes markup', () => {
    const evil = '<img src=x onerror=alert(1)>"\'&'
    const run = runRecord('FAILED', {
      runName: evil, lastLog: evil, warnings: [evil], error: { name: evil, message: evil, traceback: [] },
      progress: { barId: 'b', label: evil, done: 1, total: 2, metrics: { [evil]: 1 } }, state: { type: 'FAILED', name: evil, timeMs: 0, message: evil },
    })
    for (const shown of [html({ run, notes: [evil] }), String(renderGroupCard([view({ run }), view({ run })])['text/html'])]) {
      expect(shown).not.toContain('<img')
      expect(shown).not.toMatch(/<script|<style|<[^>]*\son\w+=/)
    }
  })

  test('the data for the extension is the whole record', () => {
    expect(renderCard(view({}))[CARD_MIME]).toMatchObject({ version: 1, run: { shortId: 'r7' }, isAwaited: false })
  })

  test('many runs of one cell share a card that lists failures first', () => {
    const views = [...Array.from({ length: 9 }, (_, index) => view({ run: runRecord('COMPLETED', { id: `c${index}` }) })), view({ run: runRecord('FAILED', { runName: 'bad' }) })]
    const shown = String(renderGroupCard(views)['text/plain'])
    expect(shown.split('\n')[0]).toBe('10 runs: 9 completed · 1 failed')
    expect(shown.split('\n')[1]).toContain('bad')
    expect(shown).toContain('and 4 more')
  })
})

test('the time left is that of the present stage, not of a slow first one', () => {
  const progress = { barId: 'b', label: 'epochs', done: 20, total: 80, metrics: {} }
  const run = runRecord('RUNNING', { startedMs: 1000, progress })
  expect(text({ run, nowMs: 11_000, barBegan: { timeMs: 9000, done: 0 } })).toContain('about 6.0 s left')
  const tracked = new TrackedRun(runRecord('RUNNING'), { cellId: 'c' })
  const tell = (done: number, total: number): void => tracked.apply({ type: 'progress', runId: tracked.record.id, seq: 1, progress: { ...progress, done, total } })
  tell(1, 1000)
  const first = tracked.barBegan
  tell(2, 1000)
  expect(tracked.barBegan).toBe(first)
  tell(3, 500)
  expect(tracked.barBegan).toMatchObject({ done: 3 })
})
