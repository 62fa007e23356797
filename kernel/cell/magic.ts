/**
 * Owns what a magic is, what it is handed, and how a word on a magic line finds its magic.
 */
import type { CellAnalysis } from '../../src/code/contract.ts'
import { nearMatch } from '../../src/config/near-match.ts'
import type { OptionSpec } from '../../src/config/option-table.ts'
import type { Settings } from '../../src/config/settings.ts'
import { LabflowError } from '../../src/model/errors.ts'
import type { CellOutput, CellPayload, CellRequest, LanguagePort, SessionPort } from '../contract.ts'
import type { CellRuns } from '../runs/cell-runs.ts'
import type { EngineLink } from '../runs/engine-link.ts'
import type { OutputBinder } from '../runs/output-binder.ts'
import type { PendingNames } from '../runs/pending-names.ts'
import type { RunRegistry } from '../runs/run-registry.ts'
import type { NotebookNames } from './notebook-names.ts'
import type { MagicCall } from './magic-lines.ts'

/** `cell` is `%%name` over text, `line` is `%name …`, `shell` is `!…`. */
export type MagicKind = 'cell' | 'line' | 'shell'

/** One magic; one file in magics/. */
export interface Magic {
  /** Without `%`. */
  name: string
  kinds: readonly MagicKind[]
  /** How it is written, one form a line. */
  usage: string
  /** What it does, in one sentence. */
  summary: string
  options: readonly OptionSpec[]
  /** Set when the text under `%%name` is no TypeScript. */
  hasRawBody?: boolean
  /** @throws LabflowError or CellError: the cell's outcome. */
  run(call: MagicCall, context: MagicContext): Promise<void>
}

/** The parts of the notebook that magics work on. */
export interface NotebookServices {
  /** Absolute. */
  folder: string
  /** What runs carry as their notebook. */
  notebookName: string | null
  session: SessionPort
  engine: EngineLink
  runs: RunRegistry
  cellRuns: CellRuns
  binder: OutputBinder
  pending: PendingNames
  names: NotebookNames
  magics: readonly Magic[]
  /** Starts the TypeScript engine at the first call. */
  language(): Promise<LanguagePort>
  settings(): Settings
  /** After a fresh session took the place of the old one. */
  forgetVariables(): void
  /** Tells the TypeScript engine of code that ran or is to run, so that later cells see its declarations. */
  recordCell(cellIndex: number, source: string, analysis: CellAnalysis): void
}

/** What one execution of a magic has at hand. */
export interface MagicContext {
  request: CellRequest
  output: CellOutput
  /** Aborted when the user interrupts. */
  signal: AbortSignal
  notebook: NotebookServices
  /** The code under a `%%` magic, positions kept; empty for a line. */
  body: string
  /** Runs what is under a `%%` magic: the next `%%` magic, or code and line magics. */
  runBody(): Promise<void>
  /** Runs TypeScript in the session as a part of this cell. */
  runCode(source: string): Promise<CellAnalysis>
  /** Waits for the pending names that the code uses. @throws CellError with the error of a run that failed. */
  awaitNames(analysis: CellAnalysis): Promise<void>
  /** Shows a page beside the output. */
  page(payload: CellPayload): void
}

/** Finds a magic. @throws LabflowError BAD_MAGIC with the nearest name, or with the form that exists. */
export function findMagic(magics: readonly Magic[], call: MagicCall): Magic {
  if (call.form === 'shell') return magics.find((magic) => magic.kinds.includes('shell')) ?? unknown(magics, call)
  const magic = magics.find((candidate) => candidate.name === call.name)
  if (!magic) return unknown(magics, call)
  const form = call.form === 'cell' ? 'cell' : 'line'
  if (magic.kinds.includes(form)) return magic
  const other = form === 'cell' ? `%${magic.name}` : `%%${magic.name}`
  throw new LabflowError('BAD_MAGIC', `line ${call.line}: ${written(call)} exists only as ${other}: ${magic.usage.split('\n')[0]}`)
}

function unknown(magics: readonly Magic[], call: MagicCall): never {
  const form = call.form === 'cell' ? 'cell' : 'line'
  const near = nearMatch(call.name, magics.filter((magic) => magic.kinds.includes(form)).map((magic) => magic.name))
  const guess = near ? `; did you mean ${written({ ...call, name: near })}?` : '; %lsmagic lists all'
  const modulo = call.form === 'line' ? ` For modulo, write \`% ${call.name}\` with a space.` : ''
  throw new LabflowError('BAD_MAGIC', `line ${call.line}: there is no magic ${written(call)}${guess}${modulo}`)
}

/** The magic's name as the user writes it. */
export function written(call: Pick<MagicCall, 'form' | 'name'>): string {
  if (call.form === 'shell') return '!'
  return (call.form === 'cell' ? '%%' : '%') + call.name
}
