/**
 * Owns reading number columns out of a CSV file: a header, then rows; comma, semicolon or tab; quoted fields; any line ends.
 * Refuses to guess: a field that is no finite number is a DataError with file, column and row.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { DataError } from './data-error.ts'

/** The columns asked for, as numbers; `eventIds` is null when the file has no such column. */
export interface NumberColumns {
  nRows: number
  columns: Float64Array[]
  eventIds: Float64Array | null
}

/**
 * Reads the named columns of a CSV file.
 * @throws DataError when the file is missing or empty, a column is missing or doubled, a row is ragged, a value is no finite number.
 */
export async function parseCsvColumns(path: string, wanted: readonly string[], eventIdColumn: string): Promise<NumberColumns> {
  const file = basename(path)
  const text = await readText(path, file)
  const lines = text.split(/\r\n|\n|\r/)
  while (lines.length > 0 && (lines.at(-1) as string).trim() === '') lines.pop()
  const headerLine = lines[0]
  if (headerLine === undefined) throw new DataError({ file }, 'is empty: it has no header and no rows')
  const delimiter = delimiterOf(headerLine)
  const header = splitLine(headerLine, delimiter).map((name) => name.trim())
  const positions = columnPositions(header, wanted, file)
  const idPosition = header.indexOf(eventIdColumn)
  const names = idPosition < 0 ? wanted : [...wanted, eventIdColumn]
  const allPositions = idPosition < 0 ? positions : [...positions, idPosition]
  const nRows = lines.length - 1
  const columns = names.map(() => new Float64Array(nRows))
  for (let row = 1; row <= nRows; row++) {
    const fields = splitLine(lines[row] as string, delimiter)
    if (fields.length !== header.length) throw new DataError({ file, row }, `has ${fields.length} fields where the header has ${header.length}`)
    for (let index = 0; index < names.length; index++) {
      const field = fields[allPositions[index] as number] as string
      ;(columns[index] as Float64Array)[row - 1] = readNumber(field, { file, column: names[index] as string, row })
    }
  }
  return { nRows, columns: columns.slice(0, wanted.length), eventIds: idPosition < 0 ? null : (columns.at(-1) as Float64Array) }
}

async function readText(path: string, file: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') throw new DataError({ file }, `there is no such file at ${path}`)
    throw new DataError({ file }, `cannot be read (${code ?? (error as Error).message})`, code)
  }
}

/** Where each wanted column stands in the header. @throws DataError for a missing or doubled one. */
export function columnPositions(header: readonly string[], wanted: readonly string[], file: string): number[] {
  return wanted.map((column) => {
    const position = header.indexOf(column)
    if (position < 0) throw new DataError({ file, column }, `is missing; the file has ${header.join(', ')}`)
    if (header.indexOf(column, position + 1) >= 0) throw new DataError({ file, column }, 'is in the header twice')
    return position
  })
}

function readNumber(field: string, place: { file: string; column: string; row: number }): number {
  const text = field.trim()
  const value = text === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value)) return value
  if (text === '') throw new DataError(place, 'the value is missing')
  if (/^[+-]?(nan|inf|infinity|null|na)$/i.test(text)) throw new DataError(place, `the value is ${text}; every value must be a finite number`)
  throw new DataError(place, `"${text.slice(0, 40)}" is not a number`)
}

/** The sign that cuts the header into most fields; a comma inside quotes is no cut. */
function delimiterOf(headerLine: string): string {
  const counts = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: splitLine(headerLine, delimiter).length }))
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).delimiter
}

function splitLine(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter)
  const fields: string[] = []
  let field = ''
  let isQuoted = false
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string
    if (character === '"') {
      if (isQuoted && line[at + 1] === '"') {
        field += '"'
        at++
      } else isQuoted = !isQuoted
    } else if (character === delimiter && !isQuoted) {
      fields.push(field)
      field = ''
    } else field += character
  }
  fields.push(field)
  return fields
}
