import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterEmbedding, combineEvents, embedEvents, frameAnalysis } from '../../../notebooks/sculpt/analysis.ts'
import type { UmapAnalysisResult } from '../../../notebooks/sculpt/analysis.ts'
import { comparisonFigure, scatterFigure } from '../../../notebooks/sculpt/figures.ts'
import { FEATURE_COLUMNS, generateEventFiles } from '../../../notebooks/sculpt/generate-events.ts'
import { columnsOf, resolveSettings } from '../../../notebooks/sculpt/settings.ts'
import type { UmapAnalysisParameters } from '../../../notebooks/sculpt/umap-analysis.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labflow-sculpt-'))
  generateEventFiles({ rows: 600, files: 4, seed: 7, folder: join(folder, 'data') })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The whole analysis on the plain functions, with few epochs. */
async function analyse(parameters: UmapAnalysisParameters = {}, epochs = 20): Promise<UmapAnalysisResult> {
  const settings = resolveSettings(parameters)
  const featureCols = columnsOf(settings.selectedFeatures)
  const combined = await combineEvents({ ...settings, columns: featureCols, folder })
  const embedded = embedEvents(combined.table, { ...settings, featureCols, epochs })
  const clustered = clusterEmbedding(embedded.embedding, { eps: settings.dbscanEps, minSamples: settings.dbscanMinSamples })
  return frameAnalysis(combined, embedded, clustered, 12)
}

test('the generator writes the same bytes for the same seed, ten columns beside the event id', () => {
  const [one, two] = ['a', 'b'].map((name) => generateEventFiles({ rows: 50, files: 2, seed: 3, folder: join(folder, name) }))
  expect(readFileSync(one![1]!.path, 'utf8')).toBe(readFileSync(two![1]!.path, 'utf8'))
  expect(readFileSync(one![0]!.path, 'utf8')).not.toBe(readFileSync(one![1]!.path, 'utf8'))
  expect(readFileSync(one![0]!.path, 'utf8').split('\n')[0]).toBe(['event_id', ...FEATURE_COLUMNS].join(','))
  expect(() => generateEventFiles({ rows: 0, files: 1, seed: 1, folder })).toThrow('rows must be a whole number from 1, not 0')
})

test('story 1: one file with the default features gives every part of the result', async () => {
  const result = await analyse({ selectedIds: ['run-101'] })
  expect(result.success).toBe(true)
  expect(result.featureCols).toEqual([...FEATURE_COLUMNS])
  expect(result.metadata).toEqual({ nSamples: 150, nFeatures: 10, nClusters: result.clusteringInfo.nClusters, computationTimeMs: 12 })
  expect(result.clusterLabels).toHaveLength(150)
  expect(result.umap.x).toHaveLength(150)
  expect(result.combined.eventIds[0]).toBe(1)
  expect(result.clusteringInfo).toMatchObject({ eps: 0.15, minSamples: 10 })
  expect(result.debugMessages[0]).toBe('run-101.csv: 150 rows')
})

test('story 2: several files with chosen features are combined in the order asked for, each row with its file', async () => {
  const result = await analyse({ selectedIds: ['run-103', 'run-101'], selectedFeatures: { electron1: ['px_e1', 'pz_e1'], energy: ['energy_sum'] } })
  expect(result.featureCols).toEqual(['px_e1', 'pz_e1', 'energy_sum'])
  expect(result.combined.fileIds).toEqual(['run-103', 'run-101'])
  expect(Array.from(result.combined.fileLabels)).toEqual([...Array<number>(150).fill(0), ...Array<number>(150).fill(1)])
  const line = readFileSync(join(folder, 'data', 'run-103.csv'), 'utf8').split('\n')[1]!.split(',').map(Number)
  expect(Array.from(result.combined.values.subarray(0, 3))).toEqual([line[4], line[6], line[10]])
  expect(result.combined.eventIds[0]).toBe(line[0])
})

test('story 3: more than 10,000 rows load, scale and cluster', async () => {
  const files = generateEventFiles({ rows: 12_000, files: 3, seed: 9, folder: join(folder, 'large') })
  const { table } = await combineEvents({ storedFiles: files, selectedIds: [], columns: ['px_e1', 'pz_e1'], sampleFrac: 1, seed: 1, folder })
  expect(table.nRows).toBe(12_000)
  const { clusteringInfo, clusterLabels } = clusterEmbedding(table, { eps: 0.1, minSamples: 20 })
  expect(clusteringInfo.nClusters).toBeGreaterThan(1)
  expect(clusterLabels).toHaveLength(12_000)
})

test('story 4: other parameters give another picture and other clusters, and are told in the result', async () => {
  const [usual, other] = [await analyse({ selectedIds: ['run-102'] }), await analyse({ selectedIds: ['run-102'], numNeighbors: 30, minDist: 0.4, dbscanEps: 0.4, dbscanMinSamples: 5 })]
  expect(other.umap.x).not.toEqual(usual.umap.x)
  expect(other.clusteringInfo).toMatchObject({ eps: 0.4, minSamples: 5 })
  expect(() => resolveSettings({ numNeighbours: 3 } as UmapAnalysisParameters)).toThrow('umapAnalysis has no parameter "numNeighbours"; it has storedFiles, selectedIds, ')
  expect(() => resolveSettings({ minDist: '0.1' } as unknown as UmapAnalysisParameters)).toThrow('minDist must be a number, not a string ("0.1")')
})

test('story 5: a sample takes that share of every file, the same rows again for the same seed, and says so', async () => {
  const options = { selectedIds: ['run-101', 'run-102'], sampleFrac: 0.5 }
  const [one, again, other] = [await analyse(options), await analyse(options), await analyse({ ...options, seed: 1 })]
  expect(one.metadata.nSamples).toBe(150)
  expect(one.combined.fileLabels.filter((label) => label === 0)).toHaveLength(75)
  expect(again.combined.eventIds).toEqual(one.combined.eventIds)
  expect(other.combined.eventIds).not.toEqual(one.combined.eventIds)
  expect(new Set(one.combined.eventIds).size).toBe(150)
  expect(one.debugMessages[0]).toBe('run-101.csv: 75 of 150 rows (sampleFrac 0.5, seed 42)')
})

describe('story 6: bad data is an error that names file, column and row', () => {
  const header = 'event_id,px_ion,py_ion'
  const good = ['1,0.5,1', '2,0.25,2', '3,0.75,3']
  const cases: [string, string, string][] = [
    ['a missing column', 'event_id,px_ion\n1,2\n2,3\n', 'bad.csv, column "py_ion": is missing; the file has event_id, px_ion'],
    ['NaN', [header, good[0], '2,NaN,2'].join('\n'), 'bad.csv, column "px_ion", row 2: the value is NaN; every value must be a finite number'],
    ['an infinity', [header, good[0], '2,-inf,2'].join('\n'), 'bad.csv, column "px_ion", row 2: the value is -inf; every value must be a finite number'],
    ['text in a number', [header, ...good, '4,0.5,abc'].join('\n'), 'bad.csv, column "py_ion", row 4: "abc" is not a number'],
    ['a hole', [header, ...good, '4,0.5,'].join('\n'), 'bad.csv, column "py_ion", row 4: the value is missing'],
    ['a constant column', [header, '1,7,1', '2,7,2', '3,7,3'].join('\n'), 'bad.csv, column "px_ion": has the same value 7 in all 3 rows, so it cannot be scaled; leave it out of selectedFeatures'],
    ['an empty file', '', 'bad.csv: is empty: it has no header and no rows'],
    ['a header alone', `${header}\n`, 'bad.csv: has a header but no rows'],
    ['one row', [header, good[0]].join('\n'), 'bad.csv: has one row only; at least two are needed to scale and embed'],
    ['a ragged row', [header, ...good, '4,0.5'].join('\n'), 'bad.csv, row 4: has 2 fields where the header has 3'],
    ['a doubled column', 'px_ion,px_ion,py_ion\n1,2,3\n4,5,6\n', 'bad.csv, column "px_ion": is in the header twice'],
  ]
  const load = (selectedIds: string[] = [], columns = ['px_ion', 'py_ion']): Promise<unknown> =>
    combineEvents({ storedFiles: [{ id: 'bad', path: 'bad/bad.csv' }], selectedIds, columns, sampleFrac: 1, seed: 1, folder })
  beforeAll(() => void mkdirSync(join(folder, 'bad')))

  for (const [name, text, message] of cases) {
    test(name, async () => {
      writeFileSync(join(folder, 'bad', 'bad.csv'), text)
      await expect(load()).rejects.toMatchObject({ message, code: 'BAD_DATA' })
    })
  }

  test('an unknown id', async () => {
    await expect(load(['run-999'])).rejects.toMatchObject({ message: 'no stored file has the id "run-999"; there are bad', code: 'BAD_DATA' })
  })

  test('an id or a column named twice', async () => {
    await expect(load(['bad', 'bad'])).rejects.toThrow('"bad" is in selectedIds twice: its events would count double')
    await expect(load([], ['px_ion', 'px_ion'])).rejects.toThrow('column "px_ion": is selected twice; each column may be in one group only')
  })

  test('a file that is not there', async () => {
    await expect(combineEvents({ storedFiles: [{ id: 'gone', path: 'gone.csv' }], selectedIds: [], columns: ['px_ion'], sampleFrac: 1, seed: 1, folder })).rejects.toThrow(`gone.csv: there is no such file at ${join(folder, 'gone.csv')}`)
  })

  test('a share that is no share', async () => {
    await expect(combineEvents({ storedFiles: [], selectedIds: [], columns: ['px_ion'], sampleFrac: 1.5, seed: 1, folder })).rejects.toThrow('sampleFrac must be above 0 and at most 1, not 1.5')
  })

  test('too few rows for the neighbours', async () => {
    await expect(analyse({ selectedIds: ['run-101'], sampleFrac: 0.05 })).rejects.toThrow('numNeighbors=15 needs at least 16 rows, but there are 8')
  })
})

test('semicolons, tabs, quotes, a byte order mark and Windows line ends are read', async () => {
  writeFileSync(join(folder, 'odd.csv'), '\uFEFF"px_ion";"py, ion"\r\n1;"2"\r\n3;4\r\n\r\n')
  const { table } = await combineEvents({ storedFiles: [{ id: 'odd', path: 'odd.csv' }], selectedIds: [], columns: ['py, ion', 'px_ion'], sampleFrac: 1, seed: 1, folder })
  expect(Array.from(table.values)).toEqual([2, 1, 4, 3])
  expect(Array.from(table.eventIds)).toEqual([1, 2])
})

describe('Parquet', () => {
  const write = async (name: string, select: string): Promise<void> => {
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    await connection.run(`COPY (${select}) TO '${join(folder, name)}' (FORMAT parquet)`)
    connection.closeSync()
    instance.closeSync()
  }
  const load = (path: string): ReturnType<typeof combineEvents> => combineEvents({ storedFiles: [{ id: 'p', path }], selectedIds: [], columns: ['px_ion', 'py_ion'], sampleFrac: 1, seed: 1, folder })

  test('gives the same table as the CSV it was made from', async () => {
    await write('run.parquet', `SELECT * FROM read_csv('${join(folder, 'data', 'run-101.csv')}')`)
    const { table } = await load('run.parquet')
    const csv = await load('data/run-101.csv')
    expect(table.values).toEqual(csv.table.values)
    expect(table.eventIds).toEqual(csv.table.eventIds)
  })

  test('its bad data are named as in CSV', async () => {
    await write('hole.parquet', 'SELECT 1.5 AS px_ion, 2 AS py_ion UNION ALL SELECT NULL, 3')
    await expect(load('hole.parquet')).rejects.toThrow(/^hole\.parquet, column "px_ion", row [12]: the value is missing$/)
    await write('words.parquet', "SELECT 'a' AS px_ion, 2 AS py_ion")
    await expect(load('words.parquet')).rejects.toThrow('words.parquet, column "px_ion": holds VARCHAR, not numbers')
    await write('less.parquet', 'SELECT 1 AS px_ion')
    await expect(load('less.parquet')).rejects.toThrow('less.parquet, column "py_ion": is missing; the file has px_ion')
    writeFileSync(join(folder, 'no.parquet'), 'no')
    await expect(load('no.parquet')).rejects.toThrow('no.parquet: cannot be read as Parquet: ')
  })
})

const points = { x: Float64Array.of(1, 2, 3), y: Float64Array.of(4, 5, 6) }

test('the figure has one trace a cluster, noise last and grey', () => {
  const { data } = scatterFigure(points, Int32Array.of(-1, 1, 0), 'title')
  expect(data).toMatchObject([{ name: 'cluster 0 (1)', x: [3] }, { name: 'cluster 1 (1)', x: [2] }, { name: 'noise (1)', marker: { color: '#9aa0a6' } }])
})

test('a comparison stands in panels side by side, a cluster in the same colour in each', () => {
  const analysis = { umap: points, clusterLabels: Int32Array.of(0, 0, 1) }
  const { data, layout } = comparisonFigure([{ ...analysis, title: '15 neighbours' }, { ...analysis, title: '30 neighbours' }])
  expect(data).toMatchObject([{ xaxis: 'x' }, { xaxis: 'x' }, { xaxis: 'x2', yaxis: 'y2' }, { xaxis: 'x2' }])
  const colours = (data as { marker: { color: string } }[]).map(({ marker }) => marker.color)
  expect(colours.slice(2)).toEqual(colours.slice(0, 2))
  expect(new Set(colours).size).toBe(2)
  expect(layout).toMatchObject({ grid: { rows: 1, columns: 2 }, xaxis2: { title: { text: '30 neighbours' } } })
})
