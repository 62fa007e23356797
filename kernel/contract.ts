/**
 * Owns the interfaces between the parts of the kernel process: protocol (dispatch), notebook (cells, magics, runs), session client, language engine.
 * Composition happens in main.ts only; each part is handed the others through these.
 */
import type { CellAnalysis } from '../src/code/contract.ts'
import type { ErrorRecord } from '../src/model/errors.ts'
import type { MimeBundle } from '../src/model/run.ts'
import type { CompiledCell, LiveDescription, SessionCommand, SessionMessage } from './session/protocol.ts'

/** Where output of one cell goes. All of it leaves before the cell's reply and idle; text is batched by the protocol side. */
export interface CellOutput {
  stream(name: 'stdout' | 'stderr', text: string): void
  display(data: MimeBundle, metadata: Record<string, unknown>, displayId: string | null, isUpdate: boolean): void
  clear(wait: boolean): void
  result(data: MimeBundle, metadata: Record<string, unknown>): void
}

/** One execute_request. `cellId` is its message id. */
export interface CellRequest {
  cellId: string
  code: string
  isSilent: boolean
  executionCount: number
  userExpressions: Record<string, string>
  allowStdin: boolean
}

export type CellOutcome =
  /** `payloads`: pages for the pager, such as the text of `%help`. */
  | { status: 'ok'; userExpressions: Record<string, unknown>; payloads?: CellPayload[] }
  | { status: 'error'; error: ErrorRecord }

/** A page that the front end shows once beside the cell's output; JupyterLab shows it below the cell. */
export interface CellPayload {
  source: 'page'
  data: MimeBundle
  start: number
}

/** What kernel/notebook.ts is made from: `createNotebook(options: NotebookOptions): NotebookPort`. It starts nothing slow before it returns. */
export interface NotebookOptions {
  output: OutputPort
  comms: CommPort
  /** Folder of the notebook, absolute. */
  folder: string
  /** File name or path of the notebook as the front end gave it; null when unknown. */
  notebookName: string | null
  /** Writes a line to the kernel's own log file; nothing of it reaches the notebook. */
  log(line: string): void
}

/** The notebook as the protocol sees it. Implemented by kernel/notebook.ts. */
export interface NotebookPort {
  /** Never rejects: every failure is an outcome. */
  execute(request: CellRequest): Promise<CellOutcome>
  /** Stops what runs or waits now: the session's cell, or the wait of a magic. */
  interrupt(): Promise<void>
  complete(code: string, cursor: number): Promise<CompletionAnswer>
  inspect(code: string, cursor: number, detail: 0 | 1): Promise<MimeBundle | null>
  isComplete(code: string): { status: 'complete' | 'incomplete' | 'invalid' | 'unknown'; indent: string }
  /** Resolves when every run that this notebook submitted has ended, its card is final and its outputs are bound. */
  settle(): Promise<void>
  close(isRestart: boolean): Promise<void>
}

export interface CompletionAnswer {
  matches: string[]
  /** UTF-16 offsets into the code. */
  start: number
  end: number
  /** Jupyter's experimental `_jupyter_types_experimental`: one for each match. */
  types: { text: string; type: string; signature?: string }[]
}

/** Sends output to the front end under a cell, also after that cell ended. Implemented by the protocol side. */
export interface OutputPort {
  /** `cellId` null: the newest cell. */
  outputOf(cellId: string | null): CellOutput
  /** Asks the front end for a line of text in the given cell. */
  requestInput(cellId: string, prompt: string, isPassword: boolean): Promise<string>
}

/** One open comm between the front end and the kernel process or the session. */
export interface CommLine {
  readonly commId: string
  readonly targetName: string
  send(data: unknown, buffers?: readonly Uint8Array[]): void
  /** Safe twice. */
  close(data?: unknown): void
}

/** What a target of the kernel does with a comm; both are called at once, also while a cell runs. */
export interface CommListener {
  onMessage?(data: unknown, buffers: readonly Uint8Array[]): void
  onClose?(data: unknown): void
}

/** One comm event, in the shape in which the session sends and gets it. */
export interface CommEvent {
  kind: 'open' | 'message' | 'close'
  commId: string
  targetName: string
  data: unknown
}

/** Comms of the front end. Implemented by kernel/comms.ts. */
export interface CommPort {
  /** Names a target that the kernel process answers itself. @throws LabflowError when the name is taken. */
  register(targetName: string, onOpen: (line: CommLine, data: unknown) => CommListener): void
  /** Opens a comm from the kernel to the front end. */
  open(targetName: string, data: unknown, listener?: CommListener): CommLine
  /** Hands over comms of targets that the kernel does not know; the session answers `close` for those it does not know either. */
  connectSession(forward: (event: CommEvent, buffers: readonly Uint8Array[]) => void): void
  /** Takes a comm event of the session. */
  fromSession(event: CommEvent, buffers?: readonly Uint8Array[]): void
  /** Forgets every comm of the session and closes it at the front end; called when the session was replaced. */
  dropSession(): void
}

/** The user's session process as the kernel sees it. Implemented by kernel/session/client.ts. */
export interface SessionPort {
  /** Starts the process if it is not there; resolves when it is ready. */
  start(): Promise<void>
  execute(command: { cellId: string; cell: CompiledCell; isSilent: boolean; userExpressions: Record<string, string>; allowStdin: boolean }): Promise<Extract<SessionMessage, { type: 'executed' }>>
  /** Any command that is answered. @throws LabflowError rebuilt from the session's record. */
  ask<T>(command: { type: SessionCommand['type'] } & Record<string, unknown>, buffers?: readonly Uint8Array[]): Promise<{ value: T; buffers: Uint8Array[] }>
  send(command: SessionCommand, buffers?: readonly Uint8Array[]): void
  describe(expression: string): Promise<LiveDescription>
  /** Resolves when the running cell has ended; ≤ 60 ms for any JavaScript. */
  interrupt(): Promise<void>
  /** Kills the process and starts a fresh one. */
  restart(): Promise<void>
  close(): Promise<void>
  readonly isBusy: boolean
  /** How often a fresh session replaced a lost one. */
  readonly generation: number
}

/** Types, completion and inspection from TypeScript. Implemented by kernel/language/. Answers while a cell runs. */
export interface LanguagePort {
  /** Records a cell that ran, so that later cells see its declarations. */
  addCell(cellIndex: number, source: string, analysis: CellAnalysis): void
  complete(source: string, cursor: number): Promise<CompletionAnswer>
  inspect(source: string, cursor: number): Promise<{ signature: string; documentation: string } | null>
  /** Errors in the words of tsc, with source line and caret. */
  diagnose(source: string): Promise<Diagnostic[]>
  /** Type of each declared name, as TypeScript prints it. */
  typesOf(names: string[]): Promise<Record<string, string>>
  close(): Promise<void>
}

export interface Diagnostic {
  code: number
  severity: 'error' | 'warning'
  /** 1-based line and column in the cell. */
  line: number
  column: number
  lengthChars: number
  message: string
}
