/**
 * Owns a headless notebook run: every code cell in order on a notebook of this process (its session is a process of its own),
 * the output file written after each cell, and the background runs awaited at the end. Refuses to ask for input.
 */
import { dirname, resolve } from 'node:path'
import type { NotebookPort } from '../../kernel/contract.ts'
import type { ErrorRecord } from '../model/errors.ts'
import { version } from '../version.ts'
import { openHeadlessNotebook } from './headless-notebook.ts'
import { cellText, readNotebook, writeNotebook, type NotebookCell, type NotebookFile } from './notebook-file.ts'
import { injectParameters } from './notebook-parameters.ts'
import { OutputCollector } from './output-collector.ts'

export interface NotebookRunOptions {
  inputPath: string
  outputPath: string
  parameters: Record<string, unknown>
  /** Folder the cells run in; default: the notebook's. */
  folder: string | null
  /** Go on after a cell that failed. */
  isErrorAllowed: boolean
  /** Stop a cell after so long; null = never. */
  cellTimeoutMs: number | null
  /** Cells with one of these tags are not run. */
  skipTags: string[]
  /** Wait for `%%submit` runs before the last write. */
  isWaitingForRuns: boolean
  onCellStart?(index: number, count: number, firstLine: string): void
  onText?(name: 'stdout' | 'stderr', text: string): void
}

export interface NotebookRunResult {
  cellsRun: number
  failed: { index: number; error: ErrorRecord } | null
  durationMs: number
}

/** Runs a notebook and writes the result; a failing cell ends the run (unless allowed) and is marked in the file. */
export async function runNotebook(options: NotebookRunOptions): Promise<NotebookRunResult> {
  const startedMs = Date.now()
  const notebook = readNotebook(options.inputPath)
  injectParameters(notebook, options.parameters)
  const output = new OutputCollector(options.onText)
  const kernel = await openHeadlessNotebook({ folder: resolve(options.folder ?? dirname(options.inputPath)), notebookName: resolve(options.inputPath), output })
  const stop = () => void kernel.interrupt()
  process.on('SIGINT', stop)
  const result: NotebookRunResult = { cellsRun: 0, failed: null, durationMs: 0 }
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code')
  try {
    for (const [index, cell] of cells.entries()) {
      if (cellText(cell).trim() === '' || cell.metadata.tags?.some((tag) => options.skipTags.includes(tag))) continue
      options.onCellStart?.(index, cells.length, cellText(cell).trim().split('\n')[0] ?? '')
      const error = await runCell(kernel, output, cell, index, options.cellTimeoutMs)
      result.cellsRun += 1
      gather(notebook, output)
      if (error !== null && !cell.metadata.tags?.includes('raises-exception')) result.failed ??= { index, error }
      stamp(notebook, options, startedMs, result)
      writeNotebook(options.outputPath, notebook)
      if (result.failed !== null && !options.isErrorAllowed) break
    }
    if (options.isWaitingForRuns) await kernel.settle()
  } finally {
    process.off('SIGINT', stop)
    await kernel.close(false)
  }
  gather(notebook, output)
  result.durationMs = Date.now() - startedMs
  stamp(notebook, options, startedMs, result)
  writeNotebook(options.outputPath, notebook)
  return result
}

async function runCell(kernel: NotebookPort, output: OutputCollector, cell: NotebookCell, index: number, timeoutMs: number | null): Promise<ErrorRecord | null> {
  const cellId = cell.id ?? `cell-${index}`
  cell.id = cellId
  const startMs = Date.now()
  output.begin(cellId, index + 1)
  const timer = timeoutMs === null ? null : setTimeout(() => void kernel.interrupt(), timeoutMs)
  const outcome = await kernel.execute({ cellId, code: cellText(cell), isSilent: false, executionCount: index + 1, userExpressions: {}, allowStdin: false })
  if (timer !== null) clearTimeout(timer)
  cell.execution_count = index + 1
  const failed = outcome.status === 'error'
  cell.metadata.papermill = {
    status: failed ? 'failed' : 'completed',
    exception: failed,
    start_time: new Date(startMs).toISOString(),
    end_time: new Date().toISOString(),
    duration: (Date.now() - startMs) / 1000,
  }
  if (outcome.status === 'ok') return null
  output.fail(cellId, outcome.error)
  return outcome.error
}

/** Takes over what every cell has shown so far; late output changes earlier cells too. */
function gather(notebook: NotebookFile, output: OutputCollector): void {
  for (const cell of notebook.cells) if (cell.cell_type === 'code' && cell.id !== undefined && output.has(cell.id)) cell.outputs = output.outputs(cell.id)
}

function stamp(notebook: NotebookFile, options: NotebookRunOptions, startedMs: number, result: NotebookRunResult): void {
  notebook.metadata.papermill = {
    parameters: options.parameters,
    start_time: new Date(startedMs).toISOString(),
    end_time: new Date().toISOString(),
    duration: (Date.now() - startedMs) / 1000,
    exception: result.failed !== null,
    input_path: options.inputPath,
    output_path: options.outputPath,
    version: `labflow ${version}`,
  }
}
