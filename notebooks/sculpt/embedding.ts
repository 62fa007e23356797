/**
 * Owns the UMAP embedding into the plane: exact neighbours and graph of our own, layout by umap-js, seeded, with progress by stage.
 * Refuses columns of unlike scale silently: scaling is the caller's (see scaling.ts), so that it is in sight.
 */
import { UMAP } from 'umap-js'
import type { Matrix } from './event-table.ts'
import { neighbourGraph } from './neighbour-graph.ts'
import type { NeighbourGraph } from './neighbour-graph.ts'
import { nearestNeighbours } from './neighbours.ts'
import { ParameterError } from './parameter-error.ts'
import { seededRandom } from './random.ts'

/** Settings of UMAP, named as in umap-learn. */
export interface EmbeddingSettings {
  /** Neighbours a row has in the graph, itself included: 2 to rows − 1. */
  numNeighbors: number
  /** Closest distance of points in the plane: 0 to 1. */
  minDist: number
  /** Whole number; the same seed gives the same picture. */
  seed: number
  /** Passes of the optimiser; left out, umap-js chooses 200 (over 7,500 rows) to 500. */
  epochs?: number
}

/** How far an embedding is. `neighbours` counts rows, `epochs` passes. */
export interface EmbeddingProgress {
  stage: 'neighbours' | 'epochs'
  done: number
  total: number
}

/** What of umap-js we reach into: its graph stage is replaced, its search graph (only for transform) is left out. */
interface UmapInside {
  fuzzySimplicialSet(): NeighbourGraph
  makeSearchGraph(): null
}

/**
 * Embeds the rows into two columns. Runs to its end without yielding: call it in a task, or hear it by `onProgress` (every few
 * milliseconds of the neighbour stage, every epoch of the layout).
 * @throws ParameterError when a setting is out of its range, or there are too few rows for it.
 */
export function umapEmbedding(matrix: Matrix, settings: EmbeddingSettings, onProgress: (progress: EmbeddingProgress) => void = () => {}): Matrix {
  const { numNeighbors, minDist, seed, epochs } = settings
  const { nRows, nColumns, values } = matrix
  if (!Number.isInteger(numNeighbors) || numNeighbors < 2) throw new ParameterError(`numNeighbors must be a whole number from 2, not ${numNeighbors}`)
  if (nRows <= numNeighbors) throw new ParameterError(`numNeighbors=${numNeighbors} needs at least ${numNeighbors + 1} rows, but there are ${nRows}: take more rows or fewer neighbours`)
  if (!(minDist >= 0 && minDist <= 1)) throw new ParameterError(`minDist must be from 0 to 1, not ${minDist}`)
  const neighbours = nearestNeighbours(matrix, numNeighbors, (done, total) => onProgress({ stage: 'neighbours', done, total }))
  const umap = new UMAP({ nNeighbors: numNeighbors, minDist, nComponents: 2, random: seededRandom(seed), ...(epochs === undefined ? {} : { nEpochs: epochs }) })
  Object.assign(umap as unknown as UmapInside, { fuzzySimplicialSet: () => neighbourGraph(neighbours), makeSearchGraph: () => null })
  // The neighbours stand in the graph already: umap-js only wants to see that there are some.
  umap.setPrecomputedKNN([], [])
  const rows = Array.from({ length: nRows }, (_, row) => Array.from(values.subarray(row * nColumns, (row + 1) * nColumns)))
  const total = umap.initializeFit(rows)
  onProgress({ stage: 'epochs', done: 0, total })
  for (let done = 0; done < total; ) {
    done = umap.step()
    onProgress({ stage: 'epochs', done, total })
  }
  return { values: Float64Array.from(umap.getEmbedding().flat()), nRows, nColumns: 2 }
}
