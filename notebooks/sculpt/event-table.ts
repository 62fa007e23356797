/**
 * Owns the table of events as it travels between tasks: one typed array for all numbers, row by row, and names beside it.
 */

/** A matrix of numbers, row by row: value of (row, column) is `values[row * nColumns + column]`. */
export interface Matrix {
  values: Float64Array
  nRows: number
  nColumns: number
}

/** Events of one or several files. */
export interface EventTable extends Matrix {
  /** Names of the columns of `values`, in order. */
  columns: string[]
  /** Ids of the files that the rows came from, in the order they were read. */
  fileIds: string[]
  /** For each row the index of its file in `fileIds`. */
  fileLabels: Uint16Array
  /** For each row its event id, or its row number in the file when the file has no such column. */
  eventIds: Float64Array
}

/** The named columns as a matrix of their own, in the order asked for. @throws RangeError when a column is not there. */
export function selectColumns(table: EventTable, columns: readonly string[]): Matrix {
  const indexes = columns.map((column) => {
    const index = table.columns.indexOf(column)
    if (index < 0) throw new RangeError(`no column "${column}" in ${table.columns.join(', ')}`)
    return index
  })
  const values = new Float64Array(table.nRows * indexes.length)
  let at = 0
  for (let row = 0; row < table.nRows; row++) {
    const first = row * table.nColumns
    for (const index of indexes) values[at++] = table.values[first + index] as number
  }
  return { values, nRows: table.nRows, nColumns: indexes.length }
}
