import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import type { RunRecord } from '../../../src/model/run.ts'
import { EmissionStore } from '../../../src/store/emissions.ts'
import { MIGRATIONS } from '../../../src/store/migrations.ts'
import { inStoreWords, openStore } from '../../../src/store/open.ts'
import { packBuffers, unpackBuffers } from '../../../src/store/payload.ts'
import { Store } from '../../../src/store/store.ts'
import { submissionOf } from '../../support/engine-lab.ts'

let folder: string
let store: Store

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labflow-store-'))
  store = openHere()
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

function openHere(): Store {
  return new Store(folder, systemClock, (error) => {
    throw error
  })
}

function addRun(name = 'work', notebook: string | null = null): { number: number; record: RunRecord } {
  const { submission } = submissionOf('return 1', { name })
  const number = store.runs.nextNumber()
  const record: RunRecord = {
    id: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`, shortId: `r${number}`, kind: 'task', name, runName: name,
    state: { type: 'PENDING', name: 'Pending', timeMs: 5, message: '' }, attempt: 0, options: submission.options, parameters: { a: 1 }, notebook,
    parentRunId: null, tags: ['t'], createdMs: 5, startedMs: null, endedMs: null, cachedFrom: null, error: null, progress: null, lastLog: null,
    cpuSeconds: null, peakMemoryBytes: null, warnings: [], hasResult: false, outputNames: [],
  }
  store.turn.write()
  store.runs.insert(number, record, { ...submission, notebook }, null)
  store.turn.commit()
  return { number, record }
}

test('a run reads back as it was written, also after the store was closed and opened', () => {
  const { record } = addRun()
  expect(store.runs.byId(record.id)).toEqual(record)
  store.close()
  store = openHere()
  expect(store.runs.resolve('r1', null).record).toEqual(record)
  expect(store.runs.open().map((open) => open.record.id)).toEqual([record.id])
  expect(store.runs.nextNumber()).toBe(2)
})

test('a run is found by short id, prefix and name, the newest in its notebook first', () => {
  addRun('umap', '/a.ipynb')
  addRun('umap', '/b.ipynb')
  addRun('pca', '/b.ipynb')
  expect(store.runs.resolve('umap', '/a.ipynb').number).toBe(1)
  expect(store.runs.resolve('umap', null).number).toBe(2)
  expect(store.runs.resolve('r3', null).record.name).toBe('pca')
  expect(store.runs.resolve('00000000-0000-4000-8000-000000000001', null).number).toBe(1)
  expect(() => store.runs.resolve('tsne', null)).toThrow('No run "tsne"')
  expect(store.runs.list({ name: 'umap' }).map((run) => run.shortId)).toEqual(['r2', 'r1'])
  expect(store.runs.list({ tag: 't', notebook: '/b.ipynb', states: ['PENDING'], limit: 1 }).map((run) => run.shortId)).toEqual(['r3'])
})

test('a write that expects another state or owner changes nothing', () => {
  const { number, record } = addRun()
  const running: RunRecord = { ...record, state: { type: 'RUNNING', name: 'Running', timeMs: 6, message: '' } }
  store.turn.write()
  expect(() => store.runs.advance(number, running, { type: 'SCHEDULED', owner: null }, 'n', null, null)).toThrow('was not SCHEDULED')
  expect(() => store.runs.advance(number, running, { type: 'PENDING', owner: 'other' }, 'n', null, null)).toThrow('was not PENDING')
  store.runs.advance(number, running, { type: 'PENDING', owner: null }, 'n', null, null)
  store.turn.commit()
  expect(store.runs.byNumber(number)?.state.type).toBe('RUNNING')
})

test('the database itself refuses an ended run without an end, and an owner where there is none', () => {
  const { number, record } = addRun()
  const expected = { type: 'PENDING' as const, owner: null }
  const ended: RunRecord = { ...record, state: { type: 'FAILED', name: 'Failed', timeMs: 6, message: '' } }
  store.turn.write()
  expect(() => store.runs.advance(number, ended, expected, null, null, null)).toThrow('CHECK')
  expect(() => store.runs.advance(number, { ...ended, endedMs: 6 }, expected, 'n', null, null)).toThrow('CHECK')
  expect(() => store.runs.advance(number, { ...ended, endedMs: 6, hasResult: true }, expected, null, null, null)).toThrow('CHECK')
  store.turn.commit()
})

test('answers go out after the commit, in order, and one turn has one transaction', async () => {
  const order: string[] = []
  store.turn.write()
  store.turn.afterCommit(() => order.push('first'))
  store.turn.write()
  store.turn.afterCommit(() => order.push('second'))
  order.push('turn')
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  expect(order).toEqual(['turn', 'first', 'second'])
})

test('a second owner of the store is refused while the first lives', () => {
  expect(() => openHere()).toThrow('belongs to another executor')
})

test('a store of a newer Labflow is refused and left alone', () => {
  store.close()
  openStore(join(folder, 'store.db'), [...MIGRATIONS, 'CREATE TABLE later (x INTEGER) STRICT;']).close()
  expect(() => openHere()).toThrow('newer Labflow')
  store = new Store(mkdtempSync(join(folder, 'other-')), systemClock, () => {})
})

test('the store is private to its user', () => {
  expect(statSync(join(folder, 'results')).mode & 0o077).toBe(0)
  expect(statSync(join(folder, 'spool')).mode & 0o077).toBe(0)
})

test('buffers come back whole and aligned, the empty one too', () => {
  const buffers = [new Uint8Array([1, 2, 3]), new Uint8Array(0), new Uint8Array(new Float64Array([1.5, -0]).buffer)]
  const back = unpackBuffers(packBuffers(buffers))
  expect(back.map((buffer) => [...buffer])).toEqual(buffers.map((buffer) => [...buffer]))
  expect(back.every((buffer) => buffer.byteOffset % 8 === 0)).toBe(true)
  expect(() => unpackBuffers(packBuffers(buffers).subarray(0, 20))).toThrow(RangeError)
})

test('small and large values are kept, the large one as a private file', async () => {
  const { number } = addRun()
  const large = [new Uint8Array([9]), new Uint8Array(300_000).fill(4)]
  store.turn.write()
  store.payloads.put('inputs', number, store.payloads.stageSmall([new Uint8Array([7])]))
  store.payloads.put('results', number, await store.payloads.stage(large))
  store.turn.commit()
  expect(store.payloads.read('inputs', number)).toMatchObject({ status: 'ok' })
  const read = store.payloads.read('results', number)
  expect(read.status === 'ok' && read.buffers.map((buffer) => Buffer.from(buffer).equals(Buffer.from(large.shift()!)))).toEqual([true, true])
  expect(store.payloads.read('results', 99).status).toBe('missing')
})

test('printed text is joined, logs keep their place, and a run that prints too much is cut with a word', () => {
  const { number } = addRun()
  const database = openStore(':memory:', MIGRATIONS)
  const emissions = new EmissionStore(database, 100)
  emissions.addOutput(number, 1, { type: 'stream', name: 'stdout', text: 'a' })
  emissions.addOutput(number, 1, { type: 'stream', name: 'stdout', text: 'b\n' })
  emissions.addLog(number, 2, 'info', 'log')
  emissions.addOutput(number, 3, { type: 'stream', name: 'stdout', text: 'c' })
  emissions.flush()
  expect(emissions.outputs(number)).toEqual([{ type: 'stream', name: 'stdout', text: 'ab\nc' }])
  emissions.addOutput(number, 4, { type: 'stream', name: 'stdout', text: 'd\n' })
  expect(emissions.logs(number).lines.map((line) => line.message)).toEqual(['ab', 'log', 'c'])
  emissions.flush()
  expect(emissions.logs(number, 1).lines).toMatchObject([{ level: 'stdout', message: 'cd' }])
  for (let index = 0; index < 30; index++) emissions.addOutput(number, 5, { type: 'stream', name: 'stdout', text: 'xxxxxxxxx\n' })
  emissions.flush()
  expect(emissions.logs(number).cutLines).toBeGreaterThan(20)
  expect(JSON.stringify(emissions.outputs(number).at(-1))).toContain('cut')
  database.close()
})

test('a cache entry counts until the earlier of its own expiry and what the asker allows', () => {
  const { number } = addRun()
  store.turn.write()
  store.cache.put('k', { run: number, computedMs: 100, expiresMs: 200 })
  expect(store.cache.find('k', 199, null)?.run).toBe(number)
  expect(store.cache.find('k', 200, null)).toBe(null)
  expect(store.cache.find('k', 150, 50)).toBe(null)
  expect(store.cache.find('k', 149, 50)?.run).toBe(number)
  store.cache.drop('k')
  expect(store.cache.find('k', 100, null)).toBe(null)
})

test.each([
  ['SQLITE_CORRUPT', 'STORE_DAMAGED'], ['SQLITE_NOTADB', 'STORE_DAMAGED'], ['SQLITE_FULL', 'STORE_FULL'], ['EDQUOT', 'STORE_FULL'],
  ['SQLITE_IOERR_WRITE', 'STORE_READ_ONLY'], ['EROFS', 'STORE_READ_ONLY'],
])('%s is told as %s, never as an error of our own, and a failing disk is not called a damaged store', (code, told) => {
  expect(inStoreWords(Object.assign(new Error('as the system says it'), { code }), '/data/.labflow')).toMatchObject({ code: told, message: expect.stringContaining('/data/.labflow') })
})

test('an error that is not of the store keeps its own words', () => {
  const error = new TypeError('x is not a function')
  expect(inStoreWords(error, '/data/.labflow')).toBe(error)
})
