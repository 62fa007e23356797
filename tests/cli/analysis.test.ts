/** The main job from a terminal: `labflow run notebooks/sculpt/umap-analysis.ts --numNeighbors 30`, on fewer events. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UmapAnalysisResult } from '../../notebooks/sculpt/analysis.ts'
import { generateEventFiles } from '../../notebooks/sculpt/generate-events.ts'
import { ProjectLab, REPOSITORY, valueOfRun } from '../support/project-lab.ts'

const ANALYSIS = join(REPOSITORY, 'notebooks', 'sculpt', 'umap-analysis.ts')
const lab = new ProjectLab()
let files: string[]
beforeAll(() => {
  const storedFiles = generateEventFiles({ rows: 1200, files: 2, seed: 7, folder: join(lab.folder, 'data') }).map(({ id, path }) => ({ id, path }))
  files = ['--storedFiles', JSON.stringify(storedFiles)]
})
afterAll(() => lab.close())

test('--help lists the parameters with their types and meaning, and the tasks beside the flow', async () => {
  const { stdout, stderr, code } = await lab.labflow('run', ANALYSIS, '--help')
  expect([stderr, code]).toEqual(['', 0])
  expect(stdout).toContain('flow umapAnalysis: Loads the chosen files, embeds them by UMAP, finds clusters by DBSCAN.')
  const types = { storedFiles: 'StoredFile[]', selectedIds: 'string[]', numNeighbors: 'number', minDist: 'number', sampleFrac: 'number', selectedFeatures: 'Record<string, string[]>', dbscanEps: 'number', dbscanMinSamples: 'number', seed: 'number' }
  for (const [name, type] of Object.entries(types)) expect(stdout).toContain(`--${name} <${type}>`)
  expect(stdout).toMatch(/--numNeighbors <number> +Neighbours a row has in UMAP's graph, from 2\./)
  for (const name of ['loadAndCombine', 'embed', 'cluster', 'frame']) expect(stdout).toMatch(new RegExp(`umap-analysis\\.ts:${name} +task ${name}`))
})

test('the words before it are refused when a name or a type is wrong, and nothing is run', async () => {
  expect(await lab.labflow('run', ANALYSIS, '--numNeighbours', '30')).toMatchObject({ code: 1, stderr: expect.stringContaining('has no parameter "numNeighbours" (did you mean --numNeighbors?)') })
  expect(await lab.labflow('run', ANALYSIS, '--numNeighbors', 'many')).toMatchObject({ code: 1, stderr: 'labflow: numNeighbors must be number, and got "many"\n' })
  expect(await lab.labflow('run', ANALYSIS, '--minDist')).toMatchObject({ code: 1, stderr: 'labflow: --minDist needs a value of type number\n' })
  expect((await lab.labflow('runs')).stdout).toBe('no runs yet\n')
})

test('--numNeighbors 30 shows the states, the progress by tenths and a result that can be read', async () => {
  const { stdout, stderr, code } = await lab.labflow('run', ANALYSIS, ...files, '--numNeighbors', '30')
  expect([code, stdout]).toEqual([0, ''])
  const lines = stderr.trimEnd().split('\n')
  for (const name of ['loadAndCombine', 'embed', 'cluster', 'frame']) expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^r\\d+ · ${name} · COMPLETED · `)))
  expect(lines).toContainEqual(expect.stringMatching(/^r\d+ · info: laying out in 500 epochs$/))
  expect(lines.filter((line) => /^r\d+ · \d+\/500 \d+ %$/.test(line)).length).toBeGreaterThanOrEqual(5)
  expect(lines.filter((line) => line.length > 200)).toEqual([])
  const result = lines.slice(lines.findIndex((line) => line.startsWith('umapAnalysis ended: {'))).join('\n')
  expect(result).toMatch(/success: true,[^]*nRows: 1200,[^]*clusterLabels: Int32Array\(1200\) \[[^\]]* 1196 more items[^]*clusteringInfo: \{ nClusters: \d+, nNoise: \d+, eps: 0\.15, minSamples: 10 \},[^]*metadata: \{ nSamples: 1200, nFeatures: 10,/)
  expect(result.split('\n').length).toBeLessThan(60)

  const client = await lab.client()
  const embed = await client.get('embed')
  expect(embed.parameters).toMatchObject({ settings: { numNeighbors: 30 } })
  const kept = valueOfRun<UmapAnalysisResult>(await (await client.attach('umapAnalysis')).ended)
  expect(kept.metadata).toMatchObject({ nSamples: 1200, nFeatures: 10 })
})

test('asked again, the embedding comes from the cache', async () => {
  const { stderr, code } = await lab.labflow('run', ANALYSIS, ...files, '--num-neighbors=30')
  expect(code).toBe(0)
  expect(stderr).toMatch(/^r\d+ · task embed · COMPLETED \(Cached\)$/m)
})

test('bad data end it with one line that names file, column and row, exit code 1 and no trace of ours', async () => {
  const path = lab.write('bad.csv', 'px_ion,py_ion\n1,2\n2,three\n')
  const { stderr, code } = await lab.labflow('run', ANALYSIS, '--storedFiles', JSON.stringify([{ id: 'bad', path }]), '--selectedFeatures', '{"ion":["px_ion","py_ion"]}')
  expect(code).toBe(1)
  expect(stderr.trimEnd().split('\n').at(-1)).toBe('umapAnalysis failed: LabflowError: bad.csv, column "py_ion", row 2: "three" is not a number')
  expect(stderr).not.toMatch(/AwaitingRetry|\bat .*src\//)
})
