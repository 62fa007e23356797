/**
 * Owns the outputs of a notebook that runs without a front end: it does what JupyterLab does with output messages
 * (streams joined, clear with and without wait, updates to every output with that display id) on cell records.
 */
import type { CellOutput, OutputPort } from '../../kernel/contract.ts'
import { LabflowError, type ErrorRecord } from '../model/errors.ts'
import type { MimeBundle } from '../model/run.ts'
import type { CellOutputRecord } from './notebook-file.ts'

interface CollectedCell {
  outputs: CellOutputRecord[]
  isClearPending: boolean
  executionCount: number
}

/** Collects outputs per cell; `onText` hears stream text as it comes, for the terminal. */
export class OutputCollector implements OutputPort {
  readonly #cells = new Map<string, CollectedCell>()
  readonly #displays = new Map<string, { cell: CollectedCell; index: number }[]>()
  #newest: string | null = null
  readonly #onText: (name: 'stdout' | 'stderr', text: string) => void

  constructor(onText: (name: 'stdout' | 'stderr', text: string) => void = () => {}) {
    this.#onText = onText
  }

  /** Starts the records of a cell; its outputs so far are dropped. */
  begin(cellId: string, executionCount: number): void {
    this.#cells.set(cellId, { outputs: [], isClearPending: false, executionCount })
    this.#newest = cellId
  }

  has(cellId: string): boolean {
    return this.#cells.has(cellId)
  }

  /** Ends a cell with an error, as the protocol's `error` message would. */
  fail(cellId: string, error: ErrorRecord): void {
    const cell = this.#cells.get(cellId)
    cell?.outputs.push({ output_type: 'error', ename: error.name, evalue: error.message, traceback: error.traceback })
  }

  outputs(cellId: string): CellOutputRecord[] {
    return this.#cells.get(cellId)?.outputs.filter((output) => output.output_type !== 'stream' || output.text !== '') ?? []
  }

  outputOf(cellId: string | null): CellOutput {
    const cell = this.#cells.get(cellId ?? this.#newest ?? '') ?? { outputs: [], isClearPending: false, executionCount: 0 }
    return {
      stream: (name, text) => this.#stream(cell, name, text),
      display: (data, metadata, displayId, isUpdate) => this.#display(cell, data, metadata, displayId, isUpdate),
      clear: (wait) => this.#clear(cell, wait),
      result: (data, metadata) => this.#push(cell, { output_type: 'execute_result', data, metadata, execution_count: cell.executionCount }),
    }
  }

  requestInput(_cellId: string, prompt: string): Promise<string> {
    return Promise.reject(new LabflowError('INTERRUPTED', `the notebook asked for input ("${prompt}"), and a run without a front end has nobody to ask: pass the value as a parameter`))
  }

  #stream(cell: CollectedCell, name: 'stdout' | 'stderr', text: string): void {
    this.#onText(name, text)
    this.#applyClear(cell)
    const last = cell.outputs.at(-1)
    if (last?.output_type === 'stream' && last.name === name) last.text = `${last.text as string}${text}`
    else cell.outputs.push({ output_type: 'stream', name, text })
  }

  #display(cell: CollectedCell, data: MimeBundle, metadata: Record<string, unknown>, displayId: string | null, isUpdate: boolean): void {
    if (isUpdate && displayId !== null) {
      for (const place of this.#displays.get(displayId) ?? []) {
        const shown = place.cell.outputs[place.index]
        if (shown?.output_type === 'display_data') place.cell.outputs[place.index] = { ...shown, data, metadata }
      }
      return
    }
    this.#push(cell, { output_type: 'display_data', data, metadata })
    if (displayId === null) return
    const places = this.#displays.get(displayId) ?? []
    places.push({ cell, index: cell.outputs.length - 1 })
    this.#displays.set(displayId, places)
  }

  #push(cell: CollectedCell, output: CellOutputRecord): void {
    this.#applyClear(cell)
    cell.outputs.push(output)
  }

  #clear(cell: CollectedCell, wait: boolean): void {
    cell.isClearPending = true
    if (!wait) this.#applyClear(cell)
  }

  #applyClear(cell: CollectedCell): void {
    if (!cell.isClearPending) return
    cell.isClearPending = false
    cell.outputs.length = 0
    for (const [id, places] of this.#displays) this.#displays.set(id, places.filter((place) => place.cell !== cell))
  }
}

/** Plain text of a cell's value: its last result, null when it has none. */
export function cellValueText(outputs: CellOutputRecord[]): string | null {
  const last = outputs.findLast((output) => output.output_type === 'execute_result')
  const text = last?.output_type === 'execute_result' ? last.data['text/plain'] : null
  return typeof text === 'string' ? text : null
}
