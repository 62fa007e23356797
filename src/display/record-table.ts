/**
 * Owns the HTML table of a list of records: escaped cells, a type under each column, and words for everything that is not shown.
 */
import { types } from 'node:util'
import { escapeHtml } from './escape.ts'
import { className, inspectText } from './text.ts'

const MAX_ROWS = 20
const MAX_COLUMNS = 30
/** Column names and types are read from this many rows; the caption says so when there are more. */
const MAX_SCANNED_ROWS = 10_000
const MAX_CELL_CHARS = 120

/** Whether a value is a non-empty list of plain objects. Looks at the first 200 items. */
export function isRecordList(value: unknown): value is Record<string, unknown>[] {
  if (!Array.isArray(value) || types.isProxy(value) || value.length === 0) return false
  const first = value.slice(0, 200)
  return first.every(isRecord) && first.some((row) => Object.keys(row).length > 0)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object' || types.isProxy(value)) return false
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty'))
}

/** The table; its caption names rows and columns, shown and in all. */
export function recordTable(rows: readonly unknown[]): string {
  const columns = readColumns(rows)
  const names = [...columns.keys()]
  const shownNames = names.slice(0, MAX_COLUMNS)
  const shownRows = rows.slice(0, MAX_ROWS)
  const head = shownNames
    .map((name) => `<th style="text-align:left">${escapeHtml(name)}<br><span style="font-weight:normal;opacity:.6">${escapeHtml([...(columns.get(name) ?? [])].join(' | '))}</span></th>`)
    .join('')
  const body = shownRows
    .map((row, index) => `<tr><th style="opacity:.6">${index}</th>${shownNames.map((name) => cell(row, name)).join('')}</tr>`)
    .join('')
  return `<table><thead><tr><th></th>${head}</tr></thead><tbody>${body}</tbody></table><p style="opacity:.7">${caption(rows.length, names.length)}</p>`
}

function readColumns(rows: readonly unknown[]): Map<string, Set<string>> {
  const columns = new Map<string, Set<string>>()
  for (const row of rows.slice(0, MAX_SCANNED_ROWS)) {
    if (row === null || typeof row !== 'object') continue
    for (const name of Object.keys(row)) {
      let kinds = columns.get(name)
      if (kinds === undefined) columns.set(name, (kinds = new Set()))
      kinds.add(kindOf(Object.getOwnPropertyDescriptor(row, name)))
    }
  }
  return columns
}

function kindOf(descriptor: PropertyDescriptor | undefined): string {
  if (descriptor?.get !== undefined) return 'getter'
  const value: unknown = descriptor?.value
  return value === null ? 'null' : typeof value === 'object' ? className(value) : typeof value
}

function cell(row: unknown, name: string): string {
  const descriptor = row !== null && typeof row === 'object' ? Object.getOwnPropertyDescriptor(row, name) : undefined
  if (descriptor === undefined) return '<td></td>'
  if (descriptor.get !== undefined) return '<td>[getter]</td>'
  const value: unknown = descriptor.value
  const text = typeof value === 'string' ? value : inspectText(value)
  const cut = text.length > MAX_CELL_CHARS ? `${text.slice(0, MAX_CELL_CHARS)}…` : text
  return `<td style="text-align:${typeof value === 'number' || typeof value === 'bigint' ? 'right' : 'left'}">${escapeHtml(cut)}</td>`
}

function caption(rowCount: number, columnCount: number): string {
  const count = (amount: number, word: string): string => `${grouped(amount)} ${word}${amount === 1 ? '' : 's'}`
  const cuts = [
    rowCount > MAX_ROWS ? `the first ${MAX_ROWS} rows shown` : '',
    columnCount > MAX_COLUMNS ? `the first ${MAX_COLUMNS} columns shown` : '',
    rowCount > MAX_SCANNED_ROWS ? `columns and types from the first ${grouped(MAX_SCANNED_ROWS)} rows` : '',
  ].filter((words) => words !== '')
  return [`${count(rowCount, 'row')} × ${count(columnCount, 'column')}`, ...cuts].join(' · ')
}

/** 19000 as 19,000; toLocaleString would load ICU data for 20 ms. */
function grouped(amount: number): string {
  return String(amount).replace(/\B(?=(\d{3})+$)/g, ',')
}
