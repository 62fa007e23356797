/**
 * Owns output on its way out: which cell it belongs to, also after that cell ended, and text joined into batches.
 * Order is kept over everything; text never overtakes a display, a reply or an idle, because those flush first.
 */
import { LabflowError } from '../src/model/errors.ts'
import type { CellOutput, OutputPort } from './contract.ts'
import type { InputDesk } from './input-desk.ts'
import type { KernelIo, ParentHeader } from './io.ts'
import type { JupyterMessage } from './wire/message.ts'

/** How long text waits for more: short enough to feel immediate, long enough to join a loop's lines. */
const flushDelayMs = 15
/** Text is sent in pieces of about this many characters: bigger ones stall the browser. */
const maxPieceChars = 1_000_000
/** Text of one cell beyond this is dropped with a line that says so; a page cannot hold it anyway. */
const maxCellTextChars = 200_000_000
/** Cells whose output can still find its way home. */
const maxKnownCells = 10_000

/** What the router knows of one cell. */
interface KnownCell {
  request: JupyterMessage | null
  parent: ParentHeader
  executionCount: number
  isSilent: boolean
  allowStdin: boolean
  textChars: number
  resultText: string | null
}

interface TextPiece {
  cell: KnownCell
  name: 'stdout' | 'stderr'
  texts: string[]
}

export interface CellBeginning {
  executionCount: number
  isSilent: boolean
  allowStdin: boolean
}

export class OutputRouter implements OutputPort {
  readonly #io: KernelIo
  readonly #desk: InputDesk
  readonly #cells = new Map<string, KnownCell>()
  #newest: KnownCell = { request: null, parent: {}, executionCount: 0, isSilent: false, allowStdin: false, textChars: 0, resultText: null }
  #pieces: TextPiece[] = []
  #waitingChars = 0
  #timer: NodeJS.Timeout | null = null

  constructor(io: KernelIo, desk: InputDesk) {
    this.#io = io
    this.#desk = desk
  }

  /** Remembers the cell of an execute_request; from now on it is the newest. Its id is the message id. */
  begin(request: JupyterMessage, beginning: CellBeginning): void {
    this.#newest = { request, parent: request.header, ...beginning, textChars: 0, resultText: null }
    this.#cells.set(request.header.msg_id, this.#newest)
    if (this.#cells.size > maxKnownCells) this.#cells.delete(this.#cells.keys().next().value!)
  }

  /** Plain text of the cell's result, for the history; null when it had none. */
  resultTextOf(cellId: string): string | null {
    return this.#cells.get(cellId)?.resultText ?? null
  }

  outputOf(cellId: string | null): CellOutput {
    const cell = (cellId === null ? undefined : this.#cells.get(cellId)) ?? this.#newest
    return {
      stream: (name, text) => this.#addText(cell, name, text),
      display: (data, metadata, displayId, isUpdate) => {
        const transient = displayId === null ? {} : { display_id: displayId }
        this.#publish(cell, isUpdate ? 'update_display_data' : 'display_data', { data, metadata, transient })
      },
      clear: (wait) => this.#publish(cell, 'clear_output', { wait }),
      result: (data, metadata) => {
        if (cell.isSilent) return
        if (typeof data['text/plain'] === 'string') cell.resultText = data['text/plain']
        this.#publish(cell, 'execute_result', { data, metadata, execution_count: cell.executionCount })
      },
    }
  }

  async requestInput(cellId: string, prompt: string, isPassword: boolean): Promise<string> {
    const cell = this.#cells.get(cellId)
    if (cell?.request == null || !cell.allowStdin) {
      throw new LabflowError('MISSING_TOOL', `This front end cannot ask for input (the question was ${JSON.stringify(prompt)}). Set a variable instead.`)
    }
    this.flush()
    return this.#desk.ask(cell.request, prompt, isPassword)
  }

  /** Sends the text that waits. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#pieces.length === 0) return
    const pieces = this.#pieces
    this.#pieces = []
    this.#waitingChars = 0
    for (const piece of pieces) {
      for (const text of splitText(piece.texts.join(''))) this.#io.publish('stream', { name: piece.name, text }, piece.cell.parent)
    }
  }

  #publish(cell: KnownCell, messageType: string, content: object): void {
    this.flush()
    this.#io.publish(messageType, content, cell.parent)
  }

  #addText(cell: KnownCell, name: 'stdout' | 'stderr', text: string): void {
    if (text === '' || cell.textChars > maxCellTextChars) return
    cell.textChars += text.length
    if (cell.textChars > maxCellTextChars) {
      name = 'stderr'
      text = `\n[labflow] This cell printed over ${maxCellTextChars / 1e6} million characters; the rest is not shown.\n`
    }
    const last = this.#pieces.at(-1)
    if (last !== undefined && last.cell === cell && last.name === name) last.texts.push(text)
    else this.#pieces.push({ cell, name, texts: [text] })
    this.#waitingChars += text.length
    if (this.#waitingChars >= maxPieceChars) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), flushDelayMs)
  }
}

/** Pieces of at most {@link maxPieceChars}, never cutting a surrogate pair. */
function splitText(text: string): string[] {
  if (text.length <= maxPieceChars) return [text]
  const pieces: string[] = []
  for (let start = 0; start < text.length; ) {
    let end = Math.min(start + maxPieceChars, text.length)
    const last = text.charCodeAt(end - 1)
    if (end < text.length && last >= 0xd800 && last <= 0xdbff) end -= 1
    pieces.push(text.slice(start, end))
    start = end
  }
  return pieces
}
