/**
 * Owns notebook files for tests: writing small ones, changing a copied one, reading what was saved.
 */
import { readFileSync, writeFileSync } from 'node:fs'

/** An output as nbformat has it. */
export interface SavedOutput {
  output_type: 'stream' | 'display_data' | 'execute_result' | 'error'
  data?: Record<string, unknown>
  ename?: string
  evalue?: string
  traceback?: string[]
}

export interface SavedCell {
  cell_type: 'code' | 'markdown'
  source: string | string[]
  execution_count?: number | null
  outputs?: SavedOutput[]
}

interface NotebookFile {
  cells: SavedCell[]
}

/** Writes a notebook of code cells for Labflow's kernel. */
export function writeNotebook(path: string, cells: readonly string[]): void {
  const file = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'labflow', display_name: 'TypeScript (Labflow)', language: 'typescript' }, language_info: { name: 'typescript' } },
    cells: cells.map((source, index) => ({ cell_type: 'code', id: `cell-${index}`, metadata: {}, execution_count: null, outputs: [], source })),
  }
  writeFileSync(path, JSON.stringify(file))
}

/** Replaces text in the code of a notebook. @throws Error when the text is nowhere. */
export function replaceInNotebook(path: string, replacements: Readonly<Record<string, string>>): void {
  const file = JSON.parse(readFileSync(path, 'utf8')) as NotebookFile
  for (const [before, after] of Object.entries(replacements)) {
    const cell = file.cells.find(({ cell_type, source }) => cell_type === 'code' && [source].flat().join('').includes(before))
    if (cell === undefined) throw new Error(`${path} has no "${before}" to replace`)
    cell.source = [cell.source].flat().join('').replace(before, after)
  }
  writeFileSync(path, JSON.stringify(file))
}

/** Code cells of a saved notebook, in order. */
export function savedCodeCells(path: string): SavedCell[] {
  return (JSON.parse(readFileSync(path, 'utf8')) as NotebookFile).cells.filter(({ cell_type }) => cell_type === 'code')
}
