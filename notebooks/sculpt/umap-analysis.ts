/**
 * Owns the umap analysis as four tasks and a flow. The same file serves the notebook (explore.ipynb), plain Node and the command line:
 *
 *     labflow run notebooks/sculpt/umap-analysis.ts --numNeighbors 30
 */
import { flow, logger, progress, task } from 'labflow'
import { clusterEmbedding, combineEvents, embedEvents, frameAnalysis } from './analysis.ts'
import type { Clustered, Combined, Embedded, UmapAnalysisResult } from './analysis.ts'
import type { EmbeddingProgress } from './embedding.ts'
import type { EventSelection, StoredFile } from './event-files.ts'
import type { EventTable, Matrix } from './event-table.ts'
import { columnsOf, DATA_ROOT, resolveSettings } from './settings.ts'

/** Parameters of {@link umapAnalysis}; each has its default in configs/sculpt.yaml. */
export interface UmapAnalysisParameters {
  /** Files that events can be read from; paths are relative to this folder. */
  storedFiles?: StoredFile[]
  /** Ids of the files to read; empty = all. */
  selectedIds?: string[]
  /** Neighbours a row has in UMAP's graph, from 2. */
  numNeighbors?: number
  /** Closest distance of points in the embedding, 0 to 1. */
  minDist?: number
  /** Share of each file's rows to take, above 0, up to 1. */
  sampleFrac?: number
  /** Columns to embed, in groups by name. */
  selectedFeatures?: Record<string, string[]>
  /** Radius of DBSCAN on the scaled embedding. */
  dbscanEps?: number
  /** Points within the radius that make a core point, itself included. */
  dbscanMinSamples?: number
  /** Seed of sampling and embedding. */
  seed?: number
}

/** Reads and combines the chosen files; paths are relative to this folder. Not cached: the files may have grown. */
export const loadAndCombine = task(
  { name: 'loadAndCombine', retries: 1, retryDelay: '10s' },
  async (selection: Omit<EventSelection, 'folder'>): Promise<Combined> => combineEvents({ ...selection, folder: DATA_ROOT }),
)

/** Moves the bar of the run: rows while neighbours are searched, then epochs; the log says which. */
export function reportStages(): (progress: EmbeddingProgress) => void {
  let current = ''
  return ({ stage, done, total }) => {
    if (stage !== current) logger.info(stage === 'neighbours' ? `searching the neighbours of ${total} rows` : `laying out in ${total} epochs`)
    current = stage
    progress.set(done, total)
  }
}

/** Standard scaling, then UMAP into the plane, with a bar per epoch. */
export const embed = task(
  { name: 'embed', retries: 2, retryDelay: '30s', cache: '2h' },
  (table: EventTable, settings: { featureCols: string[]; numNeighbors: number; minDist: number; seed: number; epochs?: number }): Embedded =>
    embedEvents(table, settings, reportStages()),
)

/** DBSCAN on the scaled embedding. */
export const cluster = task(
  { name: 'cluster', retries: 1, retryDelay: '10s' },
  (embedding: Matrix, settings: { eps: number; minSamples: number }): Clustered => clusterEmbedding(embedding, settings, (done, total) => progress.set(done, total)),
)

/** Puts the result together. */
export const frame = task({ name: 'frame' }, (combined: Combined, embedded: Embedded, clustered: Clustered, computationTimeMs: number): UmapAnalysisResult =>
  frameAnalysis(combined, embedded, clustered, computationTimeMs),
)

/** Loads the chosen files, embeds them by UMAP, finds clusters by DBSCAN. */
export const umapAnalysis = flow(
  { name: 'umapAnalysis', retries: 1 },
  async ({
    storedFiles,
    selectedIds,
    numNeighbors,
    minDist,
    sampleFrac,
    selectedFeatures,
    dbscanEps,
    dbscanMinSamples,
    seed,
    ...others
  }: UmapAnalysisParameters = {}): Promise<UmapAnalysisResult> => {
    const startMs = Date.now()
    const settings = resolveSettings({ storedFiles, selectedIds, numNeighbors, minDist, sampleFrac, selectedFeatures, dbscanEps, dbscanMinSamples, seed, ...others })
    const featureCols = columnsOf(settings.selectedFeatures)
    const combined = await loadAndCombine({ storedFiles: settings.storedFiles, selectedIds: settings.selectedIds, columns: featureCols, sampleFrac: settings.sampleFrac, seed: settings.seed })
    const embedded = await embed(combined.table, { featureCols, numNeighbors: settings.numNeighbors, minDist: settings.minDist, seed: settings.seed })
    const clustered = await cluster(embedded.embedding, { eps: settings.dbscanEps, minSamples: settings.dbscanMinSamples })
    return frame(combined, embedded, clustered, Date.now() - startMs)
  },
)
