/**
 * Owns `%config`: each setting in force and where it came from.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { type Magic, written } from '../kernel/cell/magic.ts'
import { textTable } from './runs.ts'

export const config: Magic = {
  name: 'config',
  kinds: ['line'],
  usage: '%config',
  summary: 'Shows each setting and where it came from.',
  options: [],
  async run(call, context) {
    parseOptionLine(call.argument, [], { magic: written(call), maxWords: 0 })
    const rows = context.notebook.settings().list().map(({ key, value, source }) => [key, String(value), source])
    context.output.stream('stdout', `${textTable(rows, ['setting', 'value', 'from'])}\n`)
  },
}
