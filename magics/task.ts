/**
 * Owns `%%task`, which runs a cell in a worker and waits for it, and `%task`, which turns a function into a task.
 */
import type { Magic } from '../kernel/cell/magic.ts'
import { BACKGROUND_OPTIONS, defineTasks, isEngineOff, readBackgroundCell, startCell } from './background-cell.ts'
import { defineExisting } from './define-existing.ts'
import { finishWaitedRun } from './waited-run.ts'

export const task: Magic = {
  name: 'task',
  kinds: ['cell', 'line'],
  usage: '%%task [name] [options]   above code\n%task function [options]',
  summary: 'Runs the cell in a worker as one task run and waits; a cell of functions makes them tasks. %task turns an existing function into a task.',
  options: BACKGROUND_OPTIONS,
  async run(call, context) {
    if (call.form === 'line') return defineExisting(call, 'task', context)
    const cell = await readBackgroundCell(call, context)
    if (isEngineOff()) return context.runBody()
    if (cell.isDefinition) return defineTasks(cell, 'task', context)
    await finishWaitedRun(await startCell(cell, 'task', context), context)
  },
}
