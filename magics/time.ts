/**
 * Owns `%%time` and `%time`: how long a cell or one line took.
 */
import { formatDuration } from '../src/config/durations.ts'
import { LabflowError } from '../src/model/errors.ts'
import type { Magic } from '../kernel/cell/magic.ts'

export const time: Magic = {
  name: 'time',
  kinds: ['cell', 'line'],
  usage: '%%time   above code\n%time code',
  summary: 'Runs the cell or the line and says how long it took.',
  options: [],
  async run(call, context) {
    if (call.form === 'cell' && call.argument !== '') throw new LabflowError('BAD_OPTION', `%%time takes no options, but got "${call.argument}"`)
    if (call.form === 'line' && call.argument === '') throw new LabflowError('BAD_MAGIC', '%time needs code on the same line; %%time times the whole cell')
    const startedMs = performance.now()
    try {
      if (call.form === 'cell') await context.runBody()
      else await context.runCode(call.argument)
    } finally {
      context.output.stream('stdout', `took ${formatDuration(performance.now() - startedMs)}\n`)
    }
  },
}
