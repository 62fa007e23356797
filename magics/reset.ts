/**
 * Owns `%reset`: a fresh session. Runs in the background are not touched.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { type Magic, written } from '../kernel/cell/magic.ts'

export const reset: Magic = {
  name: 'reset',
  kinds: ['line'],
  usage: '%reset',
  summary: 'Starts a fresh session: variables and loaded modules are gone, old versions of edited modules with them; runs in the background go on.',
  options: [],
  async run(call, context) {
    parseOptionLine(call.argument, [], { magic: written(call), maxWords: 0 })
    await context.notebook.session.restart()
    context.notebook.forgetVariables()
    context.output.stream('stdout', 'a fresh session: all variables are gone\n')
  },
}
