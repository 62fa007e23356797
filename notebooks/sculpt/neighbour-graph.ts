/**
 * Owns UMAP's fuzzy neighbour graph, on typed arrays. Same formulas and same numbers as umap-js 1.4.0, which keeps its matrix in a Map
 * of strings: 7 s and 1 GB for 19,000 rows, where this takes well under a second. Same interface as that matrix, so that umap-js takes it.
 */
import type { Neighbours } from './neighbours.ts'

const BISECTIONS = 64
const TOLERANCE = 1e-5
const MIN_DISTANCE_SCALE = 1e-3

/** One edge of the graph. */
export interface Edge {
  row: number
  col: number
  value: number
}

/** A symmetric sparse matrix, edges ordered by row, then column; what umap-js asks of its own SparseMatrix. */
export class NeighbourGraph {
  readonly nRows: number
  readonly nCols: number
  readonly rows: Int32Array
  readonly cols: Int32Array
  readonly values: Float64Array

  constructor(nRows: number, rows: Int32Array, cols: Int32Array, values: Float64Array) {
    this.nRows = nRows
    this.nCols = nRows
    this.rows = rows
    this.cols = cols
    this.values = values
  }

  getDims(): number[] {
    return [this.nRows, this.nCols]
  }

  getValues(): Float64Array {
    return this.values
  }

  getAll(): Edge[] {
    return Array.from(this.values, (value, at) => ({ value, row: this.rows[at] as number, col: this.cols[at] as number }))
  }

  map(change: (value: number, row: number, col: number) => number): NeighbourGraph {
    const values = this.values.map((value, at) => change(value, this.rows[at] as number, this.cols[at] as number))
    return new NeighbourGraph(this.nRows, this.rows, this.cols, values)
  }
}

/** The fuzzy union of every row's neighbourhood: a + b − ab for the two directions of an edge. */
export function neighbourGraph(neighbours: Neighbours): NeighbourGraph {
  const strengths = membershipStrengths(neighbours)
  const { nRows, k, indices } = neighbours
  // Both directions of every edge, bucketed by row: at most 2k a row.
  const starts = new Int32Array(nRows + 1)
  for (let at = 0; at < indices.length; at++) {
    starts[Math.floor(at / k) + 1]! += 1
    starts[(indices[at] as number) + 1]! += 1
  }
  for (let row = 0; row < nRows; row++) starts[row + 1]! += starts[row] as number
  const total = starts[nRows] as number
  const cols = new Int32Array(total)
  const forward = new Float64Array(total)
  const backward = new Float64Array(total)
  const fill = starts.slice(0, nRows)
  for (let at = 0; at < indices.length; at++) {
    const row = Math.floor(at / k)
    const col = indices[at] as number
    const out = fill[row]!++
    cols[out] = col
    forward[out] = strengths[at] as number
    const back = fill[col]!++
    cols[back] = row
    backward[back] = strengths[at] as number
  }
  return mergeRows(nRows, starts, cols, forward, backward)
}

/** Sorts each row by column and joins the two directions of an edge. */
function mergeRows(nRows: number, starts: Int32Array, cols: Int32Array, forward: Float64Array, backward: Float64Array): NeighbourGraph {
  const outRows = new Int32Array(cols.length)
  const outCols = new Int32Array(cols.length)
  const outValues = new Float64Array(cols.length)
  let out = 0
  for (let row = 0; row < nRows; row++) {
    const start = starts[row] as number
    const order = Array.from({ length: (starts[row + 1] as number) - start }, (_, at) => start + at)
    order.sort((a, b) => (cols[a] as number) - (cols[b] as number))
    for (let at = 0; at < order.length; ) {
      const col = cols[order[at] as number] as number
      let a = 0
      let b = 0
      for (; at < order.length && cols[order[at] as number] === col; at++) {
        a += forward[order[at] as number] as number
        b += backward[order[at] as number] as number
      }
      outRows[out] = row
      outCols[out] = col
      outValues[out++] = a + b - a * b
    }
  }
  return new NeighbourGraph(nRows, outRows.slice(0, out), outCols.slice(0, out), outValues.slice(0, out))
}

/** Strength of each directed edge: 1 up to the nearest distinct neighbour, then falling so that their sum is log2(k). */
function membershipStrengths({ nRows, k, indices, distances }: Neighbours): Float64Array {
  const strengths = new Float64Array(nRows * k)
  const meanOfAll = distances.reduce((sum, distance) => sum + distance, 0) / Math.max(1, distances.length)
  for (let row = 0; row < nRows; row++) {
    const start = row * k
    const own = distances.subarray(start, start + k)
    const nearest = own.find((distance) => distance > 0) ?? 0
    const width = bandwidth(own, nearest, meanOfAll)
    for (let j = 0; j < k; j++) {
      const beyond = (own[j] as number) - nearest
      if (indices[start + j] === row) strengths[start + j] = 0
      else strengths[start + j] = beyond <= 0 ? 1 : Math.exp(-(beyond / width))
    }
  }
  return strengths
}

/** The width at which the strengths of a row sum to log2(k), by bisection; never below a thousandth of the mean distance. */
function bandwidth(distances: Float64Array, nearest: number, meanOfAll: number): number {
  const target = Math.log(distances.length) / Math.log(2)
  let low = 0
  let high = Infinity
  let middle = 1
  for (let round = 0; round < BISECTIONS; round++) {
    let sum = 0
    for (let j = 1; j < distances.length; j++) {
      const beyond = (distances[j] as number) - nearest
      sum += beyond > 0 ? Math.exp(-(beyond / middle)) : 1
    }
    if (Math.abs(sum - target) < TOLERANCE) break
    if (sum > target) {
      high = middle
      middle = (low + high) / 2
    } else {
      low = middle
      middle = high === Infinity ? middle * 2 : (low + high) / 2
    }
  }
  const mean = nearest > 0 ? distances.reduce((sum, distance) => sum + distance, 0) / distances.length : meanOfAll
  return Math.max(middle, MIN_DISTANCE_SCALE * mean)
}
