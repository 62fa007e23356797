/**
 * Owns DBSCAN in the plane, over a kdbush index. Labels are those of scikit-learn, numbering included: points are scanned in
 * their order, a cluster grows through core points only, and a border point belongs to the first cluster that reaches it.
 */
import KDBush from 'kdbush'
import type { Matrix } from './event-table.ts'
import { ParameterError } from './parameter-error.ts'

/** Label of a point that belongs to no cluster. */
export const NOISE = -1

/** Labels by point and how many clusters they are. */
export interface Clusters {
  /** 0, 1, …; {@link NOISE} for noise. */
  labels: Int32Array
  nClusters: number
  nNoise: number
}

/**
 * Clusters points of two columns. `eps` > 0 is the radius of a neighbourhood (points exactly at it count), `minSamples` ≥ 1 the points in it,
 * the point itself included, that make a core point. `onProgress` hears the points done, at most every thousand.
 * @throws ParameterError for other shapes or settings.
 */
export function dbscan(points: Matrix, settings: { eps: number; minSamples: number }, onProgress: (done: number, total: number) => void = () => {}): Clusters {
  const { eps, minSamples } = settings
  if (points.nColumns !== 2) throw new ParameterError(`DBSCAN here works in the plane: 2 columns, not ${points.nColumns}`)
  if (!(eps > 0) || !Number.isFinite(eps)) throw new ParameterError(`dbscanEps must be a number above 0, not ${eps}`)
  if (!Number.isInteger(minSamples) || minSamples < 1) throw new ParameterError(`dbscanMinSamples must be a whole number from 1, not ${minSamples}`)
  const { values, nRows } = points
  const labels = new Int32Array(nRows).fill(NOISE)
  if (nRows === 0) return { labels, nClusters: 0, nNoise: 0 }
  const index = new KDBush(nRows)
  for (let row = 0; row < nRows; row++) index.add(values[2 * row] as number, values[2 * row + 1] as number)
  index.finish()
  const near = (row: number): number[] => index.within(values[2 * row] as number, values[2 * row + 1] as number, eps)

  const isSeen = new Uint8Array(nRows)
  let nClusters = 0
  for (let row = 0; row < nRows; row++) {
    if (row % 1000 === 0) onProgress(row, nRows)
    if (isSeen[row] === 1) continue
    const neighbours = near(row)
    if (neighbours.length < minSamples) continue
    grow(row, neighbours, nClusters++)
  }
  onProgress(nRows, nRows)
  const nNoise = labels.reduce((count, label) => count + (label === NOISE ? 1 : 0), 0)
  return { labels, nClusters, nNoise }

  /** A point left unseen by the scan above may still join a later cluster as its border: only core points and members are marked. */
  function grow(first: number, firstNeighbours: number[], label: number): void {
    labels[first] = label
    isSeen[first] = 1
    const open = [firstNeighbours]
    for (let neighbours = open.pop(); neighbours !== undefined; neighbours = open.pop()) {
      for (const row of neighbours) {
        if (isSeen[row] === 1) continue
        isSeen[row] = 1
        labels[row] = label
        const further = near(row)
        if (further.length >= minSamples) open.push(further)
      }
    }
  }
}
