/**
 * Owns `%env`: reads and sets environment variables of the session; runs submitted later get them too.
 */
import { LabflowError } from '../src/model/errors.ts'
import type { Magic } from '../kernel/cell/magic.ts'

export const env: Magic = {
  name: 'env',
  kinds: ['line'],
  usage: '%env NAME\n%env NAME=value\n%env NAME=      removes it',
  summary: 'Shows, sets or removes an environment variable of the session and of the runs it submits.',
  options: [],
  async run(call, context) {
    const assignment = /^([A-Za-z_]\w*)\s*=\s*(.*)$/s.exec(call.argument)
    if (assignment) {
      const value = (assignment[2] as string).replace(/^(["'])([^]*)\1$/, '$2')
      await context.notebook.session.ask({ type: 'set-environment', variables: { [assignment[1] as string]: value === '' ? null : value } })
      return
    }
    const name = call.argument
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new LabflowError('BAD_MAGIC', '%env needs a name: %env NAME shows it, %env NAME=value sets it')
    await context.runCode(`process.env[${JSON.stringify(name)}]`)
  },
}
