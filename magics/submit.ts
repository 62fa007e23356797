/**
 * Owns `%%submit`, which starts a cell in the background and returns at once, and `%submit name a=1`, which does so with a known task or flow.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { RUN_OPTIONS, runOptionsOf } from '../src/config/option-table.ts'
import { nearMatch } from '../src/config/near-match.ts'
import { LabflowError } from '../src/model/errors.ts'
import { type Magic, type MagicContext, written } from '../kernel/cell/magic.ts'
import type { MagicCall } from '../kernel/cell/magic-lines.ts'
import type { KnownCell } from '../kernel/cell/notebook-names.ts'
import { BACKGROUND_OPTIONS, defineTasks, isEngineOff, readBackgroundCell, startCell } from './background-cell.ts'
import { checkCallParameters, checkCellParameters } from './parameter-check.ts'

export const submit: Magic = {
  name: 'submit',
  kinds: ['cell', 'line'],
  usage: '%%submit [name] [options]   above code\n%submit taskOrFlow a=1 b=[1,2] [options]',
  summary: 'Starts the cell, or a known task or flow, in the background and returns at once. The names it sets are pending until it completes.',
  options: BACKGROUND_OPTIONS,
  async run(call, context) {
    if (call.form === 'line') return submitKnown(call, context)
    const cell = await readBackgroundCell(call, context)
    if (isEngineOff()) return context.runBody()
    if (cell.isDefinition) return defineTasks(cell, 'task', context)
    const { tracked, outputs } = await startCell(cell, 'task', context)
    await context.notebook.binder.follow(tracked, outputs)
  },
}

async function submitKnown(call: MagicCall, context: MagicContext): Promise<void> {
  const magic = written(call)
  const { words, options: given, parameters } = parseOptionLine(call.argument, RUN_OPTIONS, { magic, maxWords: 1, hasParameters: true })
  const { notebook, request } = context
  const target = words[0]
  if (target === undefined) throw new LabflowError('BAD_MAGIC', `${magic} needs the name of a task or flow: ${magic} name a=1; or put code below it in the same cell`)
  const options = runOptionsOf(given)
  const cell = notebook.names.cell(target)
  if (cell && !isNewerVariable(cell, context)) {
    checkCellParameters(cell, parameters)
    await context.awaitNames(cell.analysis)
    await notebook.cellRuns.submitCell({
      ...cell, cellId: request.cellId, runName: given.name ?? cell.name, options: { ...cell.options, ...options }, parameterValues: parameters,
    })
    return
  }
  if (notebook.names.setMs(target) === null) {
    const near = nearMatch(target, notebook.names.callables)
    throw new LabflowError('NO_SUCH_NAME', `there is no task or flow ${target} in this notebook${near ? `; did you mean ${near}?` : ': define it with %%task or %%flow, or import it'}`)
  }
  await checkCallParameters(target, parameters, context)
  await notebook.cellRuns.submitCall({ cellId: request.cellId, target, options, parameters, runName: given.name ?? null })
}

/** A variable of the same name hides a cell's name only when no cell run declared it. */
function isNewerVariable(cell: KnownCell, context: MagicContext): boolean {
  return context.notebook.names.setMs(cell.name) !== null && !cell.analysis.declared.includes(cell.name)
}
