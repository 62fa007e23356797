/**
 * Owns the four computations of the umap analysis as plain functions; umap-analysis.ts makes tasks of them.
 * No engine in here: the same functions run in a unit test, a plain program or a worker.
 */
import { dbscan } from './clustering.ts'
import { umapEmbedding } from './embedding.ts'
import type { EmbeddingProgress } from './embedding.ts'
import { loadEvents } from './event-files.ts'
import type { EventSelection } from './event-files.ts'
import { selectColumns } from './event-table.ts'
import type { EventTable, Matrix } from './event-table.ts'
import { standardScale } from './scaling.ts'

/** What loading gives: the table and what was done to make it. */
export interface Combined {
  table: EventTable
  messages: string[]
}

/** What embedding gives. */
export interface Embedded {
  /** Two columns, one row an event. */
  embedding: Matrix
  featureCols: string[]
  /** What the computation took; a cached result keeps the seconds of its first run. */
  seconds: number
}

/** How many clusters and with which settings they were found. */
export interface ClusteringInfo {
  nClusters: number
  nNoise: number
  eps: number
  minSamples: number
}

/** What clustering gives: a label an event, -1 for noise. */
export interface Clustered {
  clusterLabels: Int32Array
  clusteringInfo: ClusteringInfo
}

/** Points of the plane as two columns. */
export interface PlanePoints {
  x: Float64Array
  y: Float64Array
}

/** The result of the whole analysis. */
export interface UmapAnalysisResult {
  success: boolean
  /** The events as read, with ids and labels of their files. */
  combined: EventTable
  /** The embedding as two columns. */
  umap: PlanePoints
  clusterLabels: Int32Array
  featureCols: string[]
  clusteringInfo: ClusteringInfo
  debugMessages: string[]
  metadata: { nSamples: number; nFeatures: number; nClusters: number; computationTimeMs: number }
}

/** Reads and combines the chosen files. @throws DataError naming file, column and row. */
export async function combineEvents(selection: EventSelection): Promise<Combined> {
  const messages: string[] = []
  const table = await loadEvents(selection, (message) => messages.push(message))
  messages.push(`combined: ${table.nRows} rows × ${table.nColumns} columns`)
  return { table, messages }
}

/** Standard scaling, then UMAP into the plane. @throws ParameterError when a setting is out of its range. */
export function embedEvents(table: EventTable, settings: { featureCols: readonly string[]; numNeighbors: number; minDist: number; seed: number; epochs?: number }, onProgress: (progress: EmbeddingProgress) => void = () => {}): Embedded {
  const startMs = performance.now()
  const scaled = standardScale(selectColumns(table, settings.featureCols))
  const embedding = umapEmbedding(scaled, settings, onProgress)
  return { embedding, featureCols: [...settings.featureCols], seconds: (performance.now() - startMs) / 1000 }
}

/** Standard scaling of the embedding, then DBSCAN. @throws ParameterError when a setting is out of its range. */
export function clusterEmbedding(embedding: Matrix, settings: { eps: number; minSamples: number }, onProgress: (done: number, total: number) => void = () => {}): Clustered {
  const { labels, nClusters, nNoise } = dbscan(standardScale(embedding), settings, onProgress)
  return { clusterLabels: labels, clusteringInfo: { nClusters, nNoise, ...settings } }
}

/** Puts the pieces together. */
export function frameAnalysis(combined: Combined, embedded: Embedded, clustered: Clustered, computationTimeMs: number): UmapAnalysisResult {
  const { table, messages } = combined
  const { embedding, featureCols, seconds } = embedded
  const { clusterLabels, clusteringInfo } = clustered
  const share = ((100 * clusteringInfo.nNoise) / Math.max(1, table.nRows)).toFixed(1)
  return {
    success: true,
    combined: table,
    umap: planeColumns(embedding),
    clusterLabels,
    featureCols,
    clusteringInfo,
    debugMessages: [
      ...messages,
      `embedded: ${embedding.nRows} × ${featureCols.length} scaled to mean 0 and deviation 1, UMAP took ${seconds.toFixed(2)} s`,
      `clustered: ${clusteringInfo.nClusters} clusters, ${clusteringInfo.nNoise} noise (${share} %), on the scaled embedding`,
    ],
    metadata: { nSamples: table.nRows, nFeatures: featureCols.length, nClusters: clusteringInfo.nClusters, computationTimeMs },
  }
}

/** The two columns of an embedding. */
export function planeColumns(embedding: Matrix): PlanePoints {
  const column = (offset: number): Float64Array => Float64Array.from({ length: embedding.nRows }, (_, row) => embedding.values[2 * row + offset] as number)
  return { x: column(0), y: column(1) }
}
