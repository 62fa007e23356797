/**
 * Owns the small test flow: 1,000 × 10 events through load, embed and cluster; prints the shape and the seconds.
 *
 *     labflow run notebooks/sculpt/test-flow.ts --rows 1000
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { flow, task } from 'labflow'
import { clusterEmbedding, combineEvents, embedEvents } from './analysis.ts'
import { FEATURE_COLUMNS, generateEventFiles } from './generate-events.ts'

/** Parameters of {@link testFlow}. */
export interface TestFlowParameters {
  /** Events to generate, from 20. */
  rows?: number
  /** The same seed gives the same events. */
  seed?: number
}

/** What the test flow found. */
export interface TestFlowResult {
  rows: number
  columns: number
  nClusters: number
  /** Seconds that the computation took; of the first run when it is cached. */
  seconds: number
}

/** Generates, loads, embeds and clusters events; all of it one cached task. */
export const embedSmall = task({ name: 'embedSmall', cache: '2h' }, async (rows: number, seed: number): Promise<TestFlowResult> => {
  const startMs = performance.now()
  const folder = mkdtempSync(join(tmpdir(), 'labflow-test-flow-'))
  try {
    const storedFiles = generateEventFiles({ rows, files: 2, seed, folder })
    const { table } = await combineEvents({ storedFiles, selectedIds: [], columns: FEATURE_COLUMNS, sampleFrac: 1, seed, folder })
    const { embedding, featureCols } = embedEvents(table, { featureCols: FEATURE_COLUMNS, numNeighbors: 15, minDist: 0.1, seed })
    const { clusteringInfo } = clusterEmbedding(embedding, { eps: 0.15, minSamples: 10 })
    return { rows: table.nRows, columns: featureCols.length, nClusters: clusteringInfo.nClusters, seconds: (performance.now() - startMs) / 1000 }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Runs the small analysis and prints its shape and seconds. */
export const testFlow = flow({ name: 'testFlow' }, async ({ rows = 1000, seed = 7 }: TestFlowParameters = {}): Promise<TestFlowResult> => {
  const startMs = performance.now()
  const result = await embedSmall(rows, seed)
  const seconds = (performance.now() - startMs) / 1000
  console.log(`${result.rows} × ${result.columns}: ${result.nClusters} clusters in ${seconds.toFixed(3)} s (computed in ${result.seconds.toFixed(3)} s)`)
  return result
})
