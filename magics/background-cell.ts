/**
 * Owns what `%%task`, `%%flow` and `%%submit` share: reading their options, checking types, telling definitions from statements, starting the run.
 */
import { analyzeCell } from '../src/code/cell-analysis.ts'
import type { CellAnalysis } from '../src/code/contract.ts'
import { parseOptionLine } from '../src/config/option-line.ts'
import { CELL_OPTIONS, type GivenOptions, RUN_OPTIONS, runOptionsOf } from '../src/config/option-table.ts'
import { LabflowError } from '../src/model/errors.ts'
import type { RunKind } from '../src/model/run.ts'
import type { MagicContext } from '../kernel/cell/magic.ts'
import { written } from '../kernel/cell/magic.ts'
import type { MagicCall } from '../kernel/cell/magic-lines.ts'
import type { StartedRun } from '../kernel/runs/cell-runs.ts'
import { declareTasks } from './task-types.ts'
import { checkTypes } from './type-check.ts'

/** Options of the three cell magics. */
export const BACKGROUND_OPTIONS = [...RUN_OPTIONS, ...CELL_OPTIONS]

/** A cell magic read and checked, before anything runs. */
export interface BackgroundCell {
  /** The word after the magic, or null. */
  name: string | null
  given: GivenOptions
  analysis: CellAnalysis
  isDefinition: boolean
  /** Resolves when the types were found right; nothing may run before. It goes on beside the capture, which takes as long. */
  checked: Promise<void>
}

/** @throws LabflowError BAD_OPTION, BAD_CODE; CellError with the type errors, here or by `checked`. */
export async function readBackgroundCell(call: MagicCall, context: MagicContext): Promise<BackgroundCell> {
  const magic = written(call)
  const { words, options: given } = parseOptionLine(call.argument, BACKGROUND_OPTIONS, { magic, maxWords: 1 })
  if (given.run && given.define) throw new LabflowError('BAD_OPTION', `${magic}: --run and --define exclude each other`)
  if (context.body.trim() === '') throw new LabflowError('BAD_MAGIC', `${magic} has no code under it: write the code to run below it in the same cell`)
  const name = words[0] ?? null
  if (name !== null && !/^[\p{L}\p{N}_.$-]+$/u.test(name)) throw new LabflowError('BAD_OPTION', `${magic}: "${name}" is no name: use letters, digits, - and _`)
  const analysis = analyzeCell(context.body)
  const isEmpty = analysis.javascript.replace(/\/\/.*|\/\*[^]*?\*\/|;/g, '').trim() === ''
  if (isEmpty && analysis.typeNames.length === 0) throw new LabflowError('BAD_MAGIC', `${magic} has nothing to run: there are only comments under it`)
  const isDefinition = given.define === true || (analysis.isDefinitionCell && given.run !== true)
  if (given.define && functionNames(analysis).length === 0) throw new LabflowError('BAD_OPTION', `${magic} --define: the cell defines no function`)
  const checked = checkTypes(context)
  checked.catch(() => {})
  // An import runs code when the capture repeats it in the session, and pending names are waited for: only after the check.
  if (isDefinition || isEngineOff() || analysis.imports.length > 0 || context.notebook.pending.names.length > 0) await checked
  return { name, given, analysis, isDefinition, checked }
}

/** Captures and submits the cell as one run; its card is shown. */
export async function startCell(cell: BackgroundCell, kind: RunKind, context: MagicContext): Promise<StartedRun> {
  const { notebook, request } = context
  await context.awaitNames(cell.analysis)
  const name = cell.name ?? `cell-${request.executionCount}`
  const options = runOptionsOf(cell.given)
  const extraInputs = cell.given.in ?? []
  const extraOutputs = cell.given.out ?? []
  const started = await notebook.cellRuns.submitCell({
    cellId: request.cellId, analysis: cell.analysis, kind, name, runName: cell.given.name ?? name, options, extraInputs, extraOutputs, parameterValues: {}, checked: cell.checked,
  })
  notebook.names.addCell({ name, kind, source: context.body, analysis: cell.analysis, options, extraInputs, extraOutputs })
  notebook.recordCell(request.executionCount, context.body, cell.analysis)
  return started
}

/** Runs the definitions in the session and makes their functions tasks or flows. */
export async function defineTasks(cell: BackgroundCell, kind: RunKind, context: MagicContext): Promise<void> {
  const { notebook, output } = context
  const names = functionNames(cell.analysis)
  if (cell.name !== null && names.length > 1 && !names.includes(cell.name)) {
    throw new LabflowError('BAD_OPTION', `the name ${cell.name} cannot stand for ${names.length} functions (${names.join(', ')}): leave it out, or put one function in the cell`)
  }
  await context.runCode(context.body)
  // With several functions, a name that is one of them picks that one.
  const chosen = cell.name !== null && names.length > 1 ? [cell.name] : names
  const options = { ...notebook.settings().runOptions(), ...runOptionsOf(cell.given) }
  await notebook.session.ask({ type: 'make-tasks', names: chosen, kind, options, taskName: chosen.length === 1 ? (cell.given.name ?? cell.name) : null })
  declareTasks(chosen, context.body, context)
  output.stream('stdout', `${definedText(chosen, kind)}\n`)
}

/** Whether the engine is switched off: then cells run in the session, without files and processes. */
export function isEngineOff(): boolean {
  return process.env['LABFLOW'] === 'off'
}

/** "2 tasks defined: load, embed". */
export function definedText(names: readonly string[], kind: RunKind): string {
  return `${names.length} ${kind}${names.length === 1 ? '' : 's'} defined: ${names.join(', ')}`
}

function functionNames(analysis: CellAnalysis): string[] {
  return analysis.definitions.filter(({ kind }) => kind === 'function' || kind === 'const-function').map(({ name }) => name)
}
