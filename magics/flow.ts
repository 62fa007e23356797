/**
 * Owns `%%flow`, which runs a cell in a worker and waits for it, and `%flow`, which turns a function into a flow.
 */
import type { Magic } from '../kernel/cell/magic.ts'
import { BACKGROUND_OPTIONS, defineTasks, isEngineOff, readBackgroundCell, startCell } from './background-cell.ts'
import { defineExisting } from './define-existing.ts'
import { finishWaitedRun } from './waited-run.ts'

export const flow: Magic = {
  name: 'flow',
  kinds: ['cell', 'line'],
  usage: '%%flow [name] [options]   above code\n%flow function [options]',
  summary: 'Runs the cell in a worker as a flow whose parameters are its literal-initialised names; a cell of functions makes them flows. %flow turns an existing function into a flow.',
  options: BACKGROUND_OPTIONS,
  async run(call, context) {
    if (call.form === 'line') return defineExisting(call, 'flow', context)
    const cell = await readBackgroundCell(call, context)
    if (isEngineOff()) return context.runBody()
    if (cell.isDefinition) return defineTasks(cell, 'flow', context)
    await finishWaitedRun(await startCell(cell, 'flow', context), context)
  },
}
