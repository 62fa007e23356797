/**
 * Owns reading event files (CSV, Parquet) into one table: chosen files by id, sampling, file labels.
 * Refuses data that would make a wrong picture: what it cannot use is a DataError naming file, column and row.
 */
import { basename, extname, resolve } from 'node:path'
import { parseCsvColumns } from './csv.ts'
import { DataError } from './data-error.ts'
import type { EventTable } from './event-table.ts'
import { readParquetColumns } from './parquet.ts'
import { seededRandom } from './random.ts'

/** A file that events can be read from. */
export interface StoredFile {
  /** Short name that `selectedIds` chooses by. */
  id: string
  /** Absolute, or relative to the folder given to {@link loadEvents}. */
  path: string
}

/** What to read. */
export interface EventSelection {
  storedFiles: readonly StoredFile[]
  /** Ids of the files to read, in this order; empty = all of them. */
  selectedIds: readonly string[]
  /** Columns to read, in order. */
  columns: readonly string[]
  /** Share of each file's rows to take: above 0, up to 1. */
  sampleFrac: number
  /** Chooses the rows when `sampleFrac` is below 1. */
  seed: number
  /** Folder of relative paths. */
  folder: string
}

/** Columns of one file as read: numbers, and where they came from. */
interface FileRows {
  id: string
  name: string
  /** One array a column, in the order asked for. */
  features: Float64Array[]
  eventIds: Float64Array
  /** Row indexes taken, ascending. */
  taken: number[]
}

const EVENT_ID = 'event_id'

/**
 * Reads and combines the chosen files; `say` hears a sentence about each, sampling included.
 * @throws DataError naming file, column, row: unknown id, no such file, empty file, one row, missing column, a value that is no finite number, constant column.
 */
export async function loadEvents(selection: EventSelection, say: (message: string) => void = () => {}): Promise<EventTable> {
  const { columns, sampleFrac } = selection
  if (!(sampleFrac > 0 && sampleFrac <= 1)) throw new DataError({}, `sampleFrac must be above 0 and at most 1, not ${sampleFrac}`)
  if (columns.length === 0) throw new DataError({}, 'no columns are selected: name at least two in selectedFeatures')
  const twice = columns.find((column, at) => columns.indexOf(column) !== at)
  if (twice !== undefined) throw new DataError({ column: twice }, 'is selected twice; each column may be in one group only')
  const files: FileRows[] = []
  for (const [index, file] of chooseFiles(selection).entries()) {
    const rows = await readRows(file, selection, index)
    say(rows.taken.length === rows.eventIds.length ? `${rows.name}: ${rows.taken.length} rows` : `${rows.name}: ${rows.taken.length} of ${rows.eventIds.length} rows (sampleFrac ${sampleFrac}, seed ${selection.seed})`)
    files.push(rows)
  }
  const table = combine(files, columns)
  refuseConstantColumns(table, files)
  return table
}

function chooseFiles({ storedFiles, selectedIds }: EventSelection): StoredFile[] {
  const known = storedFiles.map((file) => file.id)
  if (known.length === 0) throw new DataError({}, 'storedFiles is empty: there is nothing to read')
  const ids = selectedIds.length > 0 ? selectedIds : known
  const twice = ids.find((id, at) => ids.indexOf(id) !== at)
  if (twice !== undefined) throw new DataError({}, `"${twice}" is in selectedIds twice: its events would count double`)
  return ids.map((id) => {
    const file = storedFiles.find((stored) => stored.id === id)
    if (file === undefined) throw new DataError({}, `no stored file has the id "${id}"; there are ${known.join(', ')}`)
    return file
  })
}

async function readRows(file: StoredFile, selection: EventSelection, index: number): Promise<FileRows> {
  const path = resolve(selection.folder, file.path)
  const name = basename(path)
  const read = extname(path).toLowerCase() === '.parquet' ? readParquetColumns : parseCsvColumns
  const { columns, eventIds, nRows } = await read(path, selection.columns, EVENT_ID)
  if (nRows === 0) throw new DataError({ file: name }, 'has a header but no rows')
  if (nRows === 1) throw new DataError({ file: name }, 'has one row only; at least two are needed to scale and embed')
  return {
    id: file.id,
    name,
    features: columns,
    eventIds: eventIds ?? Float64Array.from({ length: nRows }, (_, row) => row + 1),
    taken: sampleRows(nRows, selection.sampleFrac, selection.seed + index),
  }
}

/** Round(n × share) rows, at least one, without replacement, in file order. */
function sampleRows(nRows: number, share: number, seed: number): number[] {
  const rows = Array.from({ length: nRows }, (_, row) => row)
  const wanted = Math.max(1, Math.round(nRows * share))
  if (wanted === nRows) return rows
  const random = seededRandom(seed)
  for (let at = 0; at < wanted; at++) {
    const other = at + Math.floor(random() * (nRows - at))
    const swapped = rows[at] as number
    rows[at] = rows[other] as number
    rows[other] = swapped
  }
  return rows.slice(0, wanted).sort((a, b) => a - b)
}

function combine(files: readonly FileRows[], columns: readonly string[]): EventTable {
  const nRows = files.reduce((sum, file) => sum + file.taken.length, 0)
  const nColumns = columns.length
  const table: EventTable = {
    values: new Float64Array(nRows * nColumns),
    nRows,
    nColumns,
    columns: [...columns],
    fileIds: files.map((file) => file.id),
    fileLabels: new Uint16Array(nRows),
    eventIds: new Float64Array(nRows),
  }
  let out = 0
  for (const [index, file] of files.entries()) {
    for (const row of file.taken) {
      for (let column = 0; column < nColumns; column++) table.values[out * nColumns + column] = (file.features[column] as Float64Array)[row] as number
      table.fileLabels[out] = index
      table.eventIds[out++] = file.eventIds[row] as number
    }
  }
  return table
}

function refuseConstantColumns(table: EventTable, files: readonly FileRows[]): void {
  const { values, nRows, nColumns } = table
  for (let column = 0; column < nColumns; column++) {
    const first = values[column] as number
    let isConstant = true
    for (let row = 1; row < nRows && isConstant; row++) isConstant = values[row * nColumns + column] === first
    if (!isConstant) continue
    throw new DataError(
      { file: files.map((file) => file.name).join(' + '), column: table.columns[column] as string },
      `has the same value ${first} in all ${nRows} rows, so it cannot be scaled; leave it out of selectedFeatures`,
    )
  }
}
