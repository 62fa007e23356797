/** The seven user stories, each through a real executor and its workers: the flow of notebooks/sculpt/umap-analysis.ts on generated events. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UmapAnalysisResult } from '../../notebooks/sculpt/analysis.ts'
import { FEATURE_COLUMNS, generateEventFiles } from '../../notebooks/sculpt/generate-events.ts'
import type { UmapAnalysisParameters } from '../../notebooks/sculpt/umap-analysis.ts'
import type { EngineClient } from '../../src/client/engine-client.ts'
import type { Progress, RunRecord } from '../../src/model/run.ts'
import { until } from '../support/engine-lab.ts'
import { ProjectLab, REPOSITORY, valueOfRun } from '../support/project-lab.ts'

const ANALYSIS = join(REPOSITORY, 'notebooks', 'sculpt', 'umap-analysis.ts')
const lab = new ProjectLab()
let client: EngineClient
/** Four files of 200 events; paths are absolute. */
let storedFiles: { id: string; path: string }[]

beforeAll(async () => {
  storedFiles = events('data', 800)
  client = await lab.client()
})
afterAll(() => lab.close())

function events(name: string, rows: number, files = 4): { id: string; path: string }[] {
  const folder = join(lab.folder, name)
  mkdirSync(folder, { recursive: true })
  return generateEventFiles({ rows, files, seed: 7, folder }).map(({ id, path }) => ({ id, path }))
}

/** Submits the flow with its own one retry; resolves at its end. */
async function analyse(parameters: UmapAnalysisParameters, engine = client): Promise<{ run: RunRecord; result: UmapAnalysisResult; tasks: Map<string, RunRecord> }> {
  const handle = await lab.submit(engine, ANALYSIS, 'umapAnalysis', { storedFiles, ...parameters }, { retries: 1 })
  const outcome = await handle.ended
  return { run: outcome.run, result: valueOfRun<UmapAnalysisResult>(outcome), tasks: await tasksOf(outcome.run, engine) }
}

async function tasksOf(flow: RunRecord, engine = client): Promise<Map<string, RunRecord>> {
  return new Map((await engine.list({ parentRunId: flow.id })).map((run) => [run.name, run]))
}

test('story 1: one file with the default features: every part of the result, each task with its retries and its cache', async () => {
  const command = await lab.labflow('run', ANALYSIS, '--storedFiles', JSON.stringify(storedFiles), '--selectedIds', 'run-101')
  expect([command.code, command.stderr]).toEqual([0, expect.stringContaining('umapAnalysis ended')])
  const flow = await client.get('umapAnalysis')
  const result = valueOfRun<UmapAnalysisResult>(await (await client.attach(flow.id)).ended)
  const { nClusters, nNoise } = result.clusteringInfo
  expect(Object.keys(result)).toEqual(['success', 'combined', 'umap', 'clusterLabels', 'featureCols', 'clusteringInfo', 'debugMessages', 'metadata'])
  expect(result.success).toBe(true)
  expect(result.combined).toMatchObject({ nRows: 200, nColumns: 10, columns: [...FEATURE_COLUMNS], fileIds: ['run-101'] })
  expect(result.combined.values).toHaveLength(2000)
  expect([result.umap.x, result.umap.y].map((column) => [column instanceof Float64Array, column.length, column.every(Number.isFinite)])).toEqual([[true, 200, true], [true, 200, true]])
  expect(result.clusterLabels).toBeInstanceOf(Int32Array)
  expect(new Set(result.clusterLabels.filter((label) => label >= 0)).size).toBe(nClusters)
  expect(result.clusterLabels.filter((label) => label === -1)).toHaveLength(nNoise)
  expect(result.featureCols).toEqual([...FEATURE_COLUMNS])
  expect(result.clusteringInfo).toEqual({ nClusters, nNoise, eps: 0.15, minSamples: 10 })
  expect(nClusters).toBeGreaterThan(1)
  expect(result.debugMessages).toEqual(['run-101.csv: 200 rows', 'combined: 200 rows × 10 columns', expect.stringContaining('embedded: 200 × 10'), expect.stringContaining(`clustered: ${nClusters} clusters`)])
  expect(result.metadata).toEqual({ nSamples: 200, nFeatures: 10, nClusters, computationTimeMs: expect.any(Number) })

  const policy = ({ options: { retries, retryDelay, cache } }: RunRecord) => ({ retries, delaysMs: retries > 0 && retryDelay.kind === 'list' ? retryDelay.delaysMs : [], cache })
  expect(flow.options.retries).toBe(1)
  const tasks = await tasksOf(flow)
  expect([...tasks.keys()].sort()).toEqual(['cluster', 'embed', 'frame', 'loadAndCombine'])
  expect(policy(tasks.get('loadAndCombine')!)).toEqual({ retries: 1, delaysMs: [10_000], cache: null })
  expect(policy(tasks.get('embed')!)).toEqual({ retries: 2, delaysMs: [30_000], cache: { expiresAfterMs: 2 * 60 * 60 * 1000 } })
  expect(policy(tasks.get('cluster')!)).toEqual({ retries: 1, delaysMs: [10_000], cache: null })
  expect(policy(tasks.get('frame')!)).toEqual({ retries: 0, delaysMs: [], cache: null })
})

test('story 2: several files with chosen features, in the order asked for, each row with its file', async () => {
  const { result } = await analyse({ selectedIds: ['run-103', 'run-101'], selectedFeatures: { electron1: ['px_e1', 'pz_e1'], energy: ['energy_sum'] } })
  expect(result.featureCols).toEqual(['px_e1', 'pz_e1', 'energy_sum'])
  expect(result.combined.fileIds).toEqual(['run-103', 'run-101'])
  expect(Array.from(result.combined.fileLabels)).toEqual([...Array<number>(200).fill(0), ...Array<number>(200).fill(1)])
  const line = readFileSync(storedFiles[2]!.path, 'utf8').split('\n')[1]!.split(',').map(Number)
  expect(Array.from(result.combined.values.subarray(0, 3))).toEqual([line[4], line[6], line[10]])
  expect(result.metadata).toMatchObject({ nSamples: 400, nFeatures: 3 })
})

test('story 3: more than 10,000 rows, with a bar that counts epochs', async () => {
  const large = events('large', 10_500, 3)
  const handle = await lab.submit(client, ANALYSIS, 'umapAnalysis', { storedFiles: large }, { retries: 1 })
  const bars: Progress[] = []
  const stopListening = client.onEvent((event) => {
    if (event.type === 'progress') bars.push(event.progress)
  })
  const result = valueOfRun<UmapAnalysisResult>(await handle.ended)
  stopListening()
  expect(result.metadata).toMatchObject({ nSamples: 10_500, nFeatures: 10 })
  expect(result.clusterLabels).toHaveLength(10_500)
  expect(result.metadata.nClusters).toBeGreaterThan(3)
  expect(bars).toContainEqual(expect.objectContaining({ done: 200, total: 200 }))
  expect(bars.length).toBeGreaterThan(10)
})

test('story 4: other parameters give another picture; a second call takes it from the cache, and clusters anew', async () => {
  const usual = await analyse({ selectedIds: ['run-102'] })
  const other = { selectedIds: ['run-102'], numNeighbors: 30, minDist: 0.4, dbscanEps: 0.3, dbscanMinSamples: 5 }
  const first = await analyse(other)
  const second = await analyse({ ...other, dbscanEps: 0.5 })
  expect([usual, first, second].map(({ tasks }) => tasks.get('embed')!.state.name)).toEqual(['Completed', 'Completed', 'Cached'])
  expect(second.tasks.get('embed')!.cachedFrom).toMatchObject({ runId: first.tasks.get('embed')!.id })
  expect(['loadAndCombine', 'cluster', 'frame'].map((name) => second.tasks.get(name)!.state.name)).toEqual(['Completed', 'Completed', 'Completed'])
  expect(first.result.umap).not.toEqual(usual.result.umap)
  expect(second.result.umap).toEqual(first.result.umap)
  expect(first.result.clusteringInfo).toMatchObject({ eps: 0.3, minSamples: 5 })
  expect(second.result.clusteringInfo).toMatchObject({ eps: 0.5, minSamples: 5 })
})

test('story 5: a sample takes that share of every file, the same rows for the same seed, and says so', async () => {
  const half = { selectedIds: ['run-101', 'run-102'], sampleFrac: 0.5 }
  const [one, again, other] = [await analyse(half), await analyse(half), await analyse({ ...half, seed: 1 })]
  expect(one.result.metadata.nSamples).toBe(200)
  expect(one.result.combined.fileLabels.filter((label) => label === 0)).toHaveLength(100)
  expect(again.result.combined.eventIds).toEqual(one.result.combined.eventIds)
  expect(other.result.combined.eventIds).not.toEqual(one.result.combined.eventIds)
  expect(one.result.debugMessages[0]).toBe('run-101.csv: 100 of 200 rows (sampleFrac 0.5, seed 42)')
})

test('story 6: bad data ends the run at once, without a retry, and the error names file, column and row', async () => {
  const header = 'event_id,px_ion,py_ion'
  const good = ['1,0.5,1', '2,0.25,2', '3,0.75,3']
  const selectedFeatures = { ion: ['px_ion', 'py_ion'] }
  const cases: [string, string, UmapAnalysisParameters, string, string][] = [
    ['a missing column', 'event_id,px_ion\n1,2\n2,3\n', {}, 'BAD_DATA', 'bad.csv, column "py_ion": is missing; the file has event_id, px_ion'],
    ['NaN', [header, good[0], '2,NaN,2'].join('\n'), {}, 'BAD_DATA', 'bad.csv, column "px_ion", row 2: the value is NaN; every value must be a finite number'],
    ['text in a number', [header, ...good, '4,0.5,abc'].join('\n'), {}, 'BAD_DATA', 'bad.csv, column "py_ion", row 4: "abc" is not a number'],
    ['a constant column', [header, '1,7,1', '2,7,2', '3,7,3'].join('\n'), {}, 'BAD_DATA', 'bad.csv, column "px_ion": has the same value 7 in all 3 rows, so it cannot be scaled; leave it out of selectedFeatures'],
    ['an empty file', '', {}, 'BAD_DATA', 'bad.csv: is empty: it has no header and no rows'],
    ['one row', [header, good[0]].join('\n'), {}, 'BAD_DATA', 'bad.csv: has one row only; at least two are needed to scale and embed'],
    ['an unknown id', [header, ...good].join('\n'), { selectedIds: ['run-999'] }, 'BAD_DATA', 'no stored file has the id "run-999"; there are bad'],
    ['fewer rows than neighbours', [header, ...good].join('\n'), {}, 'BAD_PARAMETER', 'numNeighbors=15 needs at least 16 rows, but there are 3: take more rows or fewer neighbours'],
    ['an unknown parameter', [header, ...good].join('\n'), { numNeighbours: 3 } as UmapAnalysisParameters, 'BAD_PARAMETER', 'umapAnalysis has no parameter "numNeighbours"; it has storedFiles, selectedIds, '],
  ]
  for (const [name, text, parameters, code, message] of cases) {
    const bad = [{ id: 'bad', path: lab.write('bad/bad.csv', text) }]
    const handle = await lab.submit(client, ANALYSIS, 'umapAnalysis', { storedFiles: bad, selectedFeatures, ...parameters }, { retries: 1 })
    const { run } = await handle.ended
    expect([name, run.state.type, run.attempt, run.error?.code, run.error?.message]).toEqual([name, 'FAILED', 1, code, expect.stringContaining(message)])
    for (const task of (await tasksOf(run)).values()) expect([name, task.name, task.attempt]).toEqual([name, task.name, 1])
    expect(run.error?.traceback.join('\n')).not.toMatch(/src\/(worker|api)\//)
  }
})

test('story 7: cancelled in the middle nothing is left; a client that goes away finds the finished result later', async () => {
  const files = events('middle', 6_000)
  const inTheMiddle = async (engine: EngineClient): Promise<string> => {
    const handle = await lab.submit(engine, ANALYSIS, 'umapAnalysis', { storedFiles: files }, { retries: 1 })
    // Progress of this run's own embedding: late reports of earlier runs do not count.
    const embeds = new Set<string>()
    let isLayingOut = false
    const stopListening = engine.onEvent((event) => {
      if (event.type === 'child' && event.runId === handle.run.id && event.child.name === 'embed') embeds.add(event.child.id)
      if (event.type === 'progress' && embeds.has(event.runId) && event.progress.total !== 6_000) isLayingOut = true
    })
    await until(() => isLayingOut, 60_000)
    stopListening()
    return handle.run.id
  }
  const cancelled = await inTheMiddle(client)
  const ending = await client.attach(cancelled)
  await client.cancel(cancelled)
  expect((await ending.ended).run.state.type).toBe('CANCELLED')
  // A flow may be over a moment before the processes of its tasks are.
  const states = async (): Promise<string[]> => [...(await tasksOf(ending.run)).values()].map((task) => `${task.name} ${task.state.type}`).sort()
  await until(async () => !(await states()).includes('embed CANCELLING'))
  expect(await states()).toEqual(['embed CANCELLED', 'loadAndCombine COMPLETED'])
  await until(async () => (await client.status()).workers.every((worker) => worker.runId === null))

  const visitor = await lab.client()
  const left = await inTheMiddle(visitor)
  await visitor.close()
  const later = await lab.client()
  expect((await later.get(left)).state.type).toBe('RUNNING')
  const result = valueOfRun<UmapAnalysisResult>(await (await later.attach(left)).ended)
  expect(result.metadata.nSamples).toBe(6_000)
  expect(result.clusterLabels).toHaveLength(6_000)
})
