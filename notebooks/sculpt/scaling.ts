/**
 * Owns standard scaling: every column to mean 0 and standard deviation 1, as scikit-learn's StandardScaler does it.
 */
import type { Matrix } from './event-table.ts'

/** A scaled matrix and what it was scaled by; `deviations` are population deviations (divided by n). */
export interface Scaled extends Matrix {
  means: Float64Array
  deviations: Float64Array
}

/** Scales each column; a constant column becomes zeros, as in scikit-learn (its deviation counts as 1). */
export function standardScale(matrix: Matrix): Scaled {
  const { values, nRows, nColumns } = matrix
  const means = new Float64Array(nColumns)
  const deviations = new Float64Array(nColumns)
  for (let at = 0; at < values.length; at++) means[at % nColumns]! += values[at] as number
  for (let column = 0; column < nColumns; column++) means[column]! /= nRows
  for (let at = 0; at < values.length; at++) deviations[at % nColumns]! += ((values[at] as number) - (means[at % nColumns] as number)) ** 2
  for (let column = 0; column < nColumns; column++) {
    const deviation = Math.sqrt((deviations[column] as number) / nRows)
    deviations[column] = deviation > 0 ? deviation : 1
  }
  const scaled = new Float64Array(values.length)
  for (let at = 0; at < values.length; at++) {
    const column = at % nColumns
    scaled[at] = ((values[at] as number) - (means[column] as number)) / (deviations[column] as number)
  }
  return { values: scaled, nRows, nColumns, means, deviations }
}
