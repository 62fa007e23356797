/**
 * Owns `%cd`: the session's folder, which runs submitted later start in.
 */
import { homedir } from 'node:os'
import type { Magic } from '../kernel/cell/magic.ts'

export const cd: Magic = {
  name: 'cd',
  kinds: ['line'],
  usage: '%cd FOLDER',
  summary: 'Changes the folder of the session and of the runs it submits; without a folder shows it.',
  options: [],
  async run(call, context) {
    const folder = call.argument.replace(/^(["'])([^]*)\1$/, '$2').replace(/^~(?=\/|$)/, homedir())
    const { value } = await context.notebook.session.ask<string>({ type: 'chdir', folder: folder === '' ? '.' : folder })
    context.output.stream('stdout', `${value}\n`)
  },
}
