import { beforeEach, expect, test } from 'vitest'
import { CardBoard } from '../../../kernel/runs/card-board.ts'
import { CardComm, type CardMessage } from '../../../kernel/runs/card-comm.ts'
import { CardThrottle } from '../../../kernel/runs/card-throttle.ts'
import { CARD_MIME } from '../../../kernel/runs/card.ts'
import { type AttachingEngine, EngineLink } from '../../../kernel/runs/engine-link.ts'
import { RunRegistry } from '../../../kernel/runs/run-registry.ts'
import type { CommListener } from '../../../kernel/contract.ts'
import { LabflowError } from '../../../src/model/errors.ts'
import type { RunEvent, RunRecord, Submission } from '../../../src/model/run.ts'
import type { RunEnded } from '../../../src/wire/engine-protocol.ts'
import { RecordingOutput } from '../../kernel/recording-output.ts'
import { runRecord } from './run-records.ts'

let found: RunRecord[]
let cancelled: string[]
let tell: (event: RunEvent | RunEnded) => void
let runs: RunRegistry
let page: Page

/** A page with one comm open; `next` waits for the message that satisfies the condition. */
class Page {
  readonly messages: CardMessage[] = []
  readonly comm: CommListener
  #look: () => void = () => {}

  constructor(cards: CardComm) {
    this.comm = cards.open({ commId: 'c', targetName: 'labflow.runs', close: () => {}, send: (data) => {
      this.messages.push(data as CardMessage)
      this.#look()
    } })
  }

  send(data: unknown): void {
    this.comm.onMessage?.(data, [])
  }

  next(matches: (message: CardMessage) => boolean): Promise<CardMessage> {
    return new Promise((resolve) => {
      this.#look = () => {
        const found = this.messages.find(matches)
        if (found) resolve(found)
      }
      this.#look()
    })
  }
}

const stateOf = (message: CardMessage): string | null => (message.type === 'card' ? (message.bundle[CARD_MIME] as { run: RunRecord }).run.state.type : null)
const running = (runId: string): RunEvent => ({ type: 'state', runId, seq: 1, attempt: 1, state: { type: 'RUNNING', name: 'Running', timeMs: 1000, message: '' } })

beforeEach(() => {
  found = []
  cancelled = []
  const engine: AttachingEngine = {
    request: async (method: string, params: never): Promise<never> => {
      const { runId, run } = params as { runId: string; run: string }
      if (method === 'submit') return { result: { run: runRecord('SCHEDULED', { id: runId, startedMs: null }) }, buffers: [] } as never
      if (method === 'list') return { result: { runs: [] }, buffers: [] } as never
      if (method === 'cancel') {
        cancelled.push(runId)
        return { result: { run: runRecord('CANCELLING', { id: runId }) }, buffers: [] } as never
      }
      const record = found.length > 1 ? found.shift() : found[0]
      if (record === undefined) throw new LabflowError('NO_SUCH_RUN', `There is no run ${run}.`)
      return { result: { run: record }, buffers: [] } as never
    },
    attach: () => Promise.reject(new Error('not asked for')),
    onEvent: (listener) => {
      tell = (event) => listener(event, [])
      return () => {}
    },
    close: async () => {},
  }
  const link = new EngineLink(async () => engine)
  const output = new RecordingOutput()
  const cards = new CardBoard(output, new CardThrottle({ perCard: 1e6, perNotebook: 1e6 }))
  runs = new RunRegistry(link, output, cards, null)
  page = new Page(new CardComm({ link, runs, cards, lookEveryMs: 1 }))
})

test('a card drawn anew after a reload gets the present state and every later one, with the HTML that a saved notebook needs', async () => {
  const { record } = await runs.submit({ name: 'fit', notebook: null } as Submission, [], { cellId: 'c1' })
  tell(running(record.id))
  page.send({ type: 'subscribe', run: record.id })
  expect(page.messages.map(stateOf)).toEqual(['RUNNING'])
  tell({ type: 'progress', runId: record.id, seq: 2, progress: { barId: 'b', label: 'epochs', done: 3, total: 4, metrics: {} } })
  tell({ type: 'end', runId: record.id, seq: 3, run: runRecord('COMPLETED', { id: record.id, endedMs: 2000 }) })
  const last = await page.next((message) => stateOf(message) === 'COMPLETED')
  expect(last.type === 'card' && last.bundle['text/html']).toContain('completed')
  expect(page.messages.some((message) => message.type === 'card' && String(message.bundle['text/plain']).includes('epochs · 75 %'))).toBe(true)
})

test('a closed page is sent nothing more; asking twice does not double the messages', async () => {
  const { record } = await runs.submit({ name: 'fit', notebook: null } as Submission, [], { cellId: 'c1' })
  page.send({ type: 'subscribe', run: record.id })
  page.send({ type: 'subscribe', run: record.id })
  expect(page.messages).toHaveLength(2)
  tell(running(record.id))
  await page.next((message) => stateOf(message) === 'RUNNING')
  expect(page.messages).toHaveLength(3)
  page.comm.onClose?.({})
  tell({ type: 'end', runId: record.id, seq: 3, run: runRecord('COMPLETED', { id: record.id, endedMs: 2000 }) })
  expect(page.messages).toHaveLength(3)
})

test('a run of an earlier kernel moves on the card until it has ended', async () => {
  found = [runRecord('RUNNING'), runRecord('RUNNING', { progress: { barId: 'b', label: '', done: 1, total: 2, metrics: {} } }), runRecord('COMPLETED', { endedMs: 2000 })]
  page.send({ type: 'subscribe', run: runRecord('RUNNING').id })
  await page.next((message) => stateOf(message) === 'COMPLETED')
  expect(page.messages.map(stateOf)).toEqual(['RUNNING', 'RUNNING', 'COMPLETED'])
})

test('the stop button cancels the run', async () => {
  const { record } = await runs.submit({ name: 'fit', notebook: null } as Submission, [], { cellId: 'c1' })
  found = [runRecord('RUNNING', { id: record.id })]
  page.send({ type: 'cancel', run: record.id })
  await expect.poll(() => cancelled).toEqual([record.id])
  expect(page.messages).toEqual([])
})

test('what cannot be done is said in plain words', async () => {
  found = [runRecord('COMPLETED')]
  page.send({ type: 'cancel', run: found[0]?.id })
  await page.next((message) => message.type === 'error' && message.error === 'r7 has ended already: completed')
  found = []
  page.send({ type: 'cancel', run: 'gone' })
  await page.next((message) => message.type === 'error' && message.error === 'There is no run gone.')
  page.send({ type: 'subscribe', run: 'gone' })
  page.send({ type: 'dance', run: 'r1' })
  await page.next((message) => message.type === 'error' && message.error.includes('not for "dance"'))
  page.send(null)
  await page.next((message) => message.type === 'error' && message.error === 'a card must name its run')
  expect(cancelled).toEqual([])
})
