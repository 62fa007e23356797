/**
 * Owns reading number columns out of a Parquet file, by DuckDB, which is loaded only when such a file is chosen.
 * Refuses columns that hold no numbers, and missing or infinite values, with a DataError.
 */
import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { columnPositions } from './csv.ts'
import type { NumberColumns } from './csv.ts'
import { DataError } from './data-error.ts'

const NUMBER_TYPE = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT|FLOAT|DOUBLE|DECIMAL.*)$/

/**
 * Reads the named columns of a Parquet file.
 * @throws DataError when the file is missing or unreadable, a column is missing or no number, a value is missing, NaN or infinite.
 */
export async function readParquetColumns(path: string, wanted: readonly string[], eventIdColumn: string): Promise<NumberColumns> {
  const file = basename(path)
  await access(path).catch(() => {
    throw new DataError({ file }, `there is no such file at ${path}`)
  })
  const { DuckDBInstance } = await import('@duckdb/node-api').catch((error: unknown) => {
    throw new DataError({ file }, `reading Parquet needs the package @duckdb/node-api: npm install @duckdb/node-api (${(error as Error).message})`)
  })
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    const source = `read_parquet('${path.replaceAll("'", "''")}')`
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`).catch((error: unknown) => {
      throw new DataError({ file }, `cannot be read as Parquet: ${(error as Error).message.split('\n')[0]}`)
    })
    const types = new Map(described.getRows().map((row) => [String(row[0]), String(row[1])]))
    columnPositions([...types.keys()], wanted, file)
    const names = types.has(eventIdColumn) ? [...wanted, eventIdColumn] : [...wanted]
    for (const column of names) {
      const type = types.get(column) as string
      if (!NUMBER_TYPE.test(type)) throw new DataError({ file, column }, `holds ${type}, not numbers`)
    }
    const list = names.map((name) => `CAST("${name.replaceAll('"', '""')}" AS DOUBLE)`).join(', ')
    const read = await connection.runAndReadAll(`SELECT ${list} FROM ${source}`)
    const columns = read.getColumns().map((values, index) => finiteNumbers(values, file, names[index] as string))
    return { nRows: read.currentRowCount, columns: columns.slice(0, wanted.length), eventIds: names.length > wanted.length ? (columns.at(-1) as Float64Array) : null }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function finiteNumbers(values: readonly unknown[], file: string, column: string): Float64Array {
  return Float64Array.from(values, (value, index) => {
    if (typeof value === 'number' && Number.isFinite(value)) return value
    const row = index + 1
    if (value === null) throw new DataError({ file, column, row }, 'the value is missing')
    throw new DataError({ file, column, row }, `the value is ${String(value)}; every value must be a finite number`)
  })
}
