/** Calls of tasks become runs, futures and values; failures are the run's own error; waiting parks. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NameScope } from '../../../src/capture/contract.ts'
import { asCompleted, flow, task } from '../../../src/index.ts'
import { setApiEnvironment } from '../../../src/api/port.ts'
import { makeTask } from '../../../src/api/make-tasks.ts'
import { completeOptions } from '../../../src/api/options.ts'
import type { ErrorRecord } from '../../../src/model/errors.ts'
import type { RunEvent, RunInputs, RunRecord, Submission } from '../../../src/model/run.ts'
import type { StateType } from '../../../src/model/state.ts'
import { decodeValue, encodeOnly, fromBuffers, toBuffers } from '../../../src/values/codec.ts'
import type { EngineTransport, RunEnded } from '../../../src/wire/engine-protocol.ts'

/** Answers submissions in this process: `answer` gives the value of a run, or throws its error. */
class EngineInMemory implements EngineTransport {
  readonly submissions: Submission[] = []
  readonly cancelled: string[] = []
  answer: (submission: Submission, inputs: RunInputs) => unknown | Promise<unknown> = () => null
  readonly #listeners = new Set<(event: RunEvent | RunEnded, buffers: Uint8Array[]) => void>()
  readonly #cancels = new Map<string, () => void>()

  async request(method: string, params: never, buffers: readonly Uint8Array[] = []): Promise<never> {
    if (method === 'cancel') {
      const { runId } = params as { runId: string }
      this.cancelled.push(runId)
      this.#cancels.get(runId)?.()
      return { result: {}, buffers: [] } as never
    }
    const { submission, runId } = params as { submission: Submission; runId: string }
    this.submissions.push(submission)
    const inputs = decodeValue(fromBuffers(buffers) as never) as RunInputs
    const cancelled = new Promise<never>((_done, fail) => this.#cancels.set(runId, () => fail(null)))
    void Promise.race([(async () => this.answer(submission, inputs))(), cancelled]).then(
      (value) => this.#end(runId, submission, 'COMPLETED', null, toBuffers(encodeOnly({ value, outputs: {}, functionSources: {} }))),
      (error: Error | null) => this.#end(runId, submission, error === null ? 'CANCELLED' : 'FAILED', error && { name: error.name, message: error.message, traceback: [] }, []),
    )
    return { result: { run: this.#record(runId, submission, 'PENDING', null) }, buffers: [] } as never
  }

  onEvent(listener: (event: RunEvent | RunEnded, buffers: Uint8Array[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {}

  #end(runId: string, submission: Submission, type: StateType, error: ErrorRecord | null, buffers: Uint8Array[]): void {
    for (const listener of [...this.#listeners]) listener({ type: 'end', runId, seq: 9, run: this.#record(runId, submission, type, error) }, buffers)
  }

  #record(id: string, submission: Submission, type: StateType, error: ErrorRecord | null): RunRecord {
    const { kind, name, runName, options, parameters, notebook, parentRunId } = submission
    return {
      id, shortId: `r${this.submissions.length}`, kind, name, runName, state: { type, name: type, timeMs: 0, message: '' }, attempt: 1, options, parameters, notebook, parentRunId,
      tags: [], createdMs: 0, startedMs: null, endedMs: null, cachedFrom: null, error, progress: null, lastLog: null, cpuSeconds: null, peakMemoryBytes: null, warnings: [], hasResult: true, outputNames: [],
    }
  }
}

let engine: EngineInMemory
let parks: boolean[]
let interrupt: AbortController
const scope: NameScope = { folder: process.cwd(), lookup: (name) => (name === 'factor' ? { kind: 'value', value: 10 } : { kind: 'unknown' }) }

beforeEach(() => {
  engine = new EngineInMemory()
  parks = []
  interrupt = new AbortController()
  setApiEnvironment({
    transport: () => engine, scope, notebook: 'a.ipynb', parentRunId: () => 'parent', signal: () => interrupt.signal, park: (isParked) => parks.push(isParked),
    environment: () => ({ cwd: '/', env: {}, nodePath: process.execPath }),
  })
})
afterEach(() => {
  setApiEnvironment(null)
  delete process.env['LABFLOW']
})

describe('a task of a file', () => {
  test('travels by path and name with its options, and its value comes back', async () => {
    engine.answer = (_submission, { args }) => (args[0] as number) * 2
    const double = task({ name: 'double', retries: 2, tags: ['a'] }, async (x: number) => x)
    expect(await double(21)).toBe(42)
    expect(engine.submissions[0]).toMatchObject({
      kind: 'task', name: 'double', parentRunId: 'parent', notebook: 'a.ipynb', options: { retries: 2, tags: ['a'] }, parameters: { x: 21 },
      code: { entry: { kind: 'module', path: expect.stringMatching(/calls\.test\.ts$/), taskName: 'double', runKind: 'task' } },
    })
    expect(parks).toEqual([true, false])
  })

  test('with other options is another task; a flow is a flow', async () => {
    const base = flow(async function explore(x: number) {
      return x
    })
    await base.with({ name: 'fast', cache: '1h' })(1)
    expect(engine.submissions[0]).toMatchObject({ kind: 'flow', name: 'fast', options: { cache: { expiresAfterMs: 3_600_000 } } })
    expect([base.name, base.kind]).toEqual(['explore', 'flow'])
  })

  test('throws its run\'s error by the name and message of the user', async () => {
    engine.answer = () => {
      throw new RangeError('too far')
    }
    const error = await task('far', async () => 1)().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'RUN_FAILED', run: 'r1' })
    expect(error).toBeInstanceOf(Error)
  })
})

describe('a function of the notebook', () => {
  test('made a task travels as its recorded source with what it uses', async () => {
    engine.answer = (_submission, { captured }) => captured['factor']
    const definition = { name: 'scale', kind: 'const-function' as const, source: 'scale = (x) => x * factor;', freeNames: ['factor'], digest: '' }
    const scale = makeTask({ value: (x: number) => x, definition, name: 'scale', taskName: null, kind: 'task', options: { retries: 1 }, filename: '/nb/cell-3.ts' })
    expect(await scale(2)).toBe(10)
    expect(engine.submissions[0]).toMatchObject({ name: 'scale', code: { entry: { kind: 'function', source: '(x) => x * factor', filename: '/nb/cell-3.ts' } }, options: completeOptions({ retries: 1 }) })
  })

  test('that does not exist is refused by name', () => {
    expect(() => makeTask({ value: 3, definition: null, name: 'n', taskName: null, kind: 'task', options: {}, filename: null })).toThrow(/n is no function but number/)
  })
})

describe('futures', () => {
  test('of a map come one by one as they end, or together in order', async () => {
    const gates = new Map<number, () => void>()
    engine.answer = (_submission, { args }) => new Promise((done) => gates.set(args[0] as number, () => done(args[0])))
    const futures = task('id', async (x: number) => x).map([1, 2, 3])
    await expect.poll(() => gates.size).toBe(3)
    const ended: unknown[] = []
    gates.get(2)?.()
    for await (const future of asCompleted(futures)) {
      ended.push(await future.result())
      gates.get(ended.length === 1 ? 3 : 1)?.()
    }
    expect(ended).toEqual([2, 3, 1])
    expect(await futures).toEqual([1, 2, 3])
    expect(futures[0]?.state.type).toBe('COMPLETED')
  })

  test('of a map that partly failed reject together, unless failure is allowed', async () => {
    engine.answer = (_submission, { args }) => {
      if (args[0] === 2) throw new Error('two')
      return args[0]
    }
    const id = task('id', async (x: number) => x)
    await expect(id.map([1, 2, 3]).result()).rejects.toThrow('1 of 3 items failed; the first, item 1: two')
    const values = await id.map([1, 2, 3], { allowFailure: true })
    expect(values).toMatchObject([1, { message: 'two' }, 3])
  })

  test('that nobody awaits do not park and do not end the process', async () => {
    engine.answer = () => {
      throw new Error('unseen')
    }
    const future = task('quiet', async () => 1).submit()
    await expect.poll(() => future.state.type).toBe('FAILED')
    expect(parks).toEqual([])
  })

  test('are cancelled when the cell that awaits them is interrupted', async () => {
    engine.answer = () => new Promise(() => {})
    const waiting = task('long', async () => 1)()
    await expect.poll(() => engine.submissions.length).toBe(1)
    interrupt.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'RUN_CANCELLED' })
    expect(engine.cancelled).toHaveLength(1)
  })
})

test('LABFLOW=off makes tasks and flows plain functions', async () => {
  process.env['LABFLOW'] = 'off'
  const half = task('half', async (x: number) => x / 2)
  expect(await half(4)).toBe(2)
  expect(await half.map([2, 4])).toEqual([1, 2])
  expect(await half.submit(8).wait()).toMatchObject({ type: 'COMPLETED' })
  expect(engine.submissions).toEqual([])
})
