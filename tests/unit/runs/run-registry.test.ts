import { beforeEach, describe, expect, test } from 'vitest'
import { CardBoard } from '../../../kernel/runs/card-board.ts'
import { CardThrottle } from '../../../kernel/runs/card-throttle.ts'
import { type AttachingEngine, EngineLink } from '../../../kernel/runs/engine-link.ts'
import { RunRegistry } from '../../../kernel/runs/run-registry.ts'
import { SessionRelay } from '../../../kernel/runs/session-relay.ts'
import type { RunEvent, RunOutput, RunRecord, Submission } from '../../../src/model/run.ts'
import type { EngineEvent, EngineReply, RunEnded } from '../../../src/wire/engine-protocol.ts'
import { RecordingOutput } from '../../kernel/recording-output.ts'
import { runRecord } from './run-records.ts'

/** An executor in this process, steered by the test. */
class SteeredEngine implements AttachingEngine {
  readonly requests: { method: string; params: Record<string, unknown> }[] = []
  readonly #listeners: ((event: RunEvent | RunEnded, buffers: Uint8Array[]) => void)[] = []
  outputs: RunOutput[] = []
  found: RunRecord = runRecord('RUNNING')
  /** Called between a submission and its answer. */
  beforeAnswer: (runId: string) => void = () => {}

  async request(method: string, params: never): Promise<never> {
    this.requests.push({ method, params })
    const { runId } = params as { runId: string }
    if (method === 'submit') {
      this.beforeAnswer(runId)
      return { result: { run: runRecord('SCHEDULED', { id: runId, startedMs: null }) }, buffers: [] } as never
    }
    if (method === 'get') return { result: { run: this.found }, buffers: [] } as never
    if (method === 'outputs') return { result: { outputs: this.outputs }, buffers: [] } as never
    if (method === 'cancel') return { result: { run: runRecord('CANCELLING', { id: runId }) }, buffers: [] } as never
    throw new Error(`unexpected ${method}`)
  }

  async attach(): ReturnType<AttachingEngine['attach']> {
    const buffers = [Buffer.from('kept')]
    this.emit({ type: 'end', runId: this.found.id, seq: 9, run: this.found }, buffers)
    return { run: this.found, ended: Promise.resolve({ run: this.found, result: null }) }
  }

  onEvent(listener: (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void): () => void {
    this.#listeners.push(listener)
    return () => {}
  }

  async close(): Promise<void> {}

  emit(event: RunEvent | RunEnded, buffers: Uint8Array[] = []): void {
    for (const listener of this.#listeners) listener(event, buffers)
  }
}

const SUBMISSION = { name: 'fit', notebook: null } as Submission
let engine: SteeredEngine
let output: RecordingOutput
let link: EngineLink
let runs: RunRegistry

beforeEach(() => {
  engine = new SteeredEngine()
  output = new RecordingOutput()
  link = new EngineLink(async () => engine)
  runs = new RunRegistry(link, output, new CardBoard(output, new CardThrottle({ perCard: 1e6, perNotebook: 1e6 })), 'a.ipynb')
})

const stream = (runId: string, text: string): RunEvent => ({ type: 'output', runId, seq: 1, output: { type: 'stream', name: 'stdout', text } })
const end = (runId: string, changes: Partial<RunRecord> = {}): RunEnded => ({ type: 'end', runId, seq: 9, run: runRecord('COMPLETED', { id: runId, endedMs: 2000, ...changes }) })

describe('runs of a notebook', () => {
  test('output, progress and end appear under the cell that started the run', async () => {
    const tracked = await runs.submit(SUBMISSION, [], { cellId: 'c1' })
    const { id } = tracked.record
    engine.emit({ type: 'state', runId: id, seq: 1, attempt: 1, state: { type: 'RUNNING', name: 'Running', timeMs: 1000, message: '' } })
    engine.emit({ type: 'progress', runId: id, seq: 2, progress: { barId: 'b', label: '', done: 1, total: 4, metrics: {} } })
    engine.emit(stream(id, 'hello\n'))
    expect(output.streams('c1')).toBe('hello\n')
    engine.emit(end(id), [Buffer.from('result')])
    const ended = await tracked.ended
    expect(Buffer.concat(ended.buffers).toString()).toBe('result')
    expect(output.card('c1')?.run.state.type).toBe('COMPLETED')
    expect((engine.requests[0]?.params['submission'] as Submission).notebook).toBe('a.ipynb')
    const ids = output.cells.get('c1')?.flatMap((shown) => (shown.kind === 'display' ? [[shown.displayId, shown.isUpdate]] : []))
    expect(ids?.[0]).toEqual([`labflow-run-${id}`, false])
    expect(ids?.slice(1).every(([displayId, isUpdate]) => displayId === `labflow-run-${id}` && isUpdate)).toBe(true)
  })

  test('events that overtake the answer of a submission are not lost', async () => {
    engine.beforeAnswer = (runId) => {
      engine.emit(stream(runId, 'early\n'))
      engine.emit(end(runId))
    }
    const tracked = await runs.submit(SUBMISSION, [], { cellId: 'c1' })
    await tracked.ended
    expect(output.streams('c1')).toBe('early\n')
    expect(output.card('c1')?.run.state.type).toBe('COMPLETED')
  })

  test('a cache hit shows again what the first run had shown', async () => {
    engine.outputs = [{ type: 'stream', name: 'stdout', text: 'loss 0.1\n' }]
    const tracked = await runs.submit(SUBMISSION, [], { cellId: 'c1' })
    engine.emit(end(tracked.record.id, { cachedFrom: { runId: 'x', shortId: 'r4', computedMs: 0 } }))
    await tracked.ended
    expect(output.streams('c1')).toBe('loss 0.1\n')
    expect(output.card('c1')?.text).toContain('ago by r4')
  })

  test('a run that clears the output gets its card back', async () => {
    const tracked = await runs.submit(SUBMISSION, [], { cellId: 'c1' })
    engine.emit({ type: 'output', runId: tracked.record.id, seq: 1, output: { type: 'clear', wait: false } })
    const shown = output.cells.get('c1') ?? []
    const cleared = shown.findIndex(({ kind }) => kind === 'clear')
    expect(shown[cleared + 1]).toMatchObject({ kind: 'display', isUpdate: false, displayId: `labflow-run-${tracked.record.id}` })
  })

  test('what a flow’s tasks print appears under the flow’s cell', async () => {
    const tracked = await runs.submit(SUBMISSION, [], { cellId: 'c1' })
    engine.emit({ type: 'child', runId: tracked.record.id, seq: 1, child: runRecord('RUNNING', { id: 'child', runName: 'embed' }) })
    engine.emit(stream('child', 'from embed\n'))
    expect(output.streams('c1')).toBe('from embed\n')
    expect(output.card('c1')?.text).toContain('now embed')
    engine.emit(end('child', { runName: 'embed' }))
    expect(output.card('c1')?.text).toContain('1 of 1 task runs ended')
  })

  test('a run that ended in an earlier kernel is attached with its result', async () => {
    engine.found = runRecord('COMPLETED', { hasResult: true })
    const tracked = await runs.attach('r7', { cellId: 'c2' })
    const ended = await tracked.ended
    expect(Buffer.concat(ended.buffers).toString()).toBe('kept')
    expect(output.card('c2')?.text).toContain('completed')
  })

  test('many runs called by one cell share one card', async () => {
    const tracked = await Promise.all([1, 2, 3].map(() => runs.submit(SUBMISSION, [], { cellId: 'c1', groupId: 'c1' })))
    for (const { record } of tracked) engine.emit(end(record.id))
    await Promise.all(tracked.map(({ ended }) => ended))
    const fresh = (output.cells.get('c1') ?? []).filter((shown) => shown.kind === 'display' && !shown.isUpdate)
    expect(fresh).toHaveLength(1)
    expect(output.text('c1')).toContain('3 runs: 3 completed')
    expect(runs.calledBy('c1')).toEqual([])
  })

  test('the session hears of its run only after the answer that names it, and of the end', async () => {
    const sent: (EngineReply | EngineEvent)[] = []
    const relay = new SessionRelay(link, runs, (payload) => sent.push(payload))
    engine.beforeAnswer = (runId) => engine.emit({ type: 'log', runId, seq: 1, level: 'info', message: 'early', timeMs: 0 })
    await relay.take('c1', { kind: 'request', id: 5, method: 'submit', params: { submission: SUBMISSION } }, [])
    expect(sent.map(({ kind }) => kind)).toEqual(['reply', 'event'])
    const runId = ((sent[0] as { result: { run: RunRecord } }).result.run).id
    engine.emit(stream(runId, 'not through the session'))
    engine.emit(end(runId))
    expect(sent.slice(2)).toMatchObject([{ kind: 'event', event: { type: 'end' } }])
    expect(output.streams('c1')).toBe('not through the session')
  })

  test('a refused request reaches the session as an error record', async () => {
    const sent: (EngineReply | EngineEvent)[] = []
    const relay = new SessionRelay(new EngineLink(() => Promise.reject(new Error('no executor'))), runs, (payload) => sent.push(payload))
    await relay.take('c1', { kind: 'request', id: 6, method: 'list', params: { filter: {} } }, [])
    expect(sent).toMatchObject([{ kind: 'reply', id: 6, ok: false, error: { message: 'no executor' } }])
  })
})
