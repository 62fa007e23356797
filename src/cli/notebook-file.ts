/**
 * Owns the notebook file (nbformat 4): reading it with clear refusals, writing it whole and atomically.
 * Refuses nbformat 3 and anything that is not a notebook.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { LabflowError } from '../model/errors.ts'

export type CellOutputRecord =
  | { output_type: 'stream'; name: 'stdout' | 'stderr'; text: string | string[] }
  | { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown>; transient?: { display_id?: string } }
  | { output_type: 'execute_result'; data: Record<string, unknown>; metadata: Record<string, unknown>; execution_count: number | null }
  | { output_type: 'error'; ename: string; evalue: string; traceback: string[] }

export interface NotebookCell {
  id?: string
  cell_type: 'code' | 'markdown' | 'raw'
  source: string | string[]
  metadata: { tags?: string[]; [key: string]: unknown }
  outputs?: CellOutputRecord[]
  execution_count?: number | null
}

export interface NotebookFile {
  nbformat: number
  nbformat_minor: number
  metadata: Record<string, unknown>
  cells: NotebookCell[]
}

/** Text of a cell, whatever of nbformat's two spellings it has. */
export function cellText(cell: NotebookCell): string {
  return Array.isArray(cell.source) ? cell.source.join('') : cell.source
}

/** Reads a notebook. @throws LabflowError BAD_DATA when it is not there or not an nbformat 4 notebook. */
export function readNotebook(path: string): NotebookFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new LabflowError('BAD_DATA', `the notebook ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  let value: Partial<NotebookFile>
  try {
    value = JSON.parse(text) as Partial<NotebookFile>
  } catch (error) {
    throw new LabflowError('BAD_DATA', `${path} is not a notebook: it is not JSON (${(error as Error).message})`, { cause: error })
  }
  if (value.nbformat !== 4 || !Array.isArray(value.cells)) {
    throw new LabflowError('BAD_DATA', `${path} is not an nbformat 4 notebook (nbformat is ${String(value.nbformat)}): open and save it in JupyterLab to convert it`)
  }
  return { nbformat: 4, nbformat_minor: value.nbformat_minor ?? 5, metadata: value.metadata ?? {}, cells: value.cells }
}

/** Writes a notebook by temporary file and rename, so that a reader never sees half of it. */
export function writeNotebook(path: string, notebook: NotebookFile): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, `${JSON.stringify(notebook, null, 1)}\n`)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw new LabflowError('STORE_FULL', `the notebook ${path} could not be written: ${(error as Error).message}`, { cause: error })
  }
}
