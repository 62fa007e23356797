/**
 * Owns `%help` and `%lsmagic`: what magics there are and what each takes.
 */
import { nearMatch } from '../src/config/near-match.ts'
import { LabflowError } from '../src/model/errors.ts'
import { magicHelp } from '../kernel/cell/inspect.ts'
import type { Magic } from '../kernel/cell/magic.ts'

export const help: Magic = {
  name: 'help',
  kinds: ['line'],
  usage: '%help [magic]',
  summary: 'Lists the magics, or tells what one does and takes.',
  options: [],
  async run(call, context) {
    const { magics } = context.notebook
    const name = call.argument.replace(/^%+/, '').trim()
    if (name === '') return context.page({ source: 'page', data: { 'text/plain': overview(magics) }, start: 0 })
    const magic = magics.find((candidate) => candidate.name === name)
    if (!magic) {
      const near = nearMatch(name, magics.map((candidate) => candidate.name))
      throw new LabflowError('BAD_MAGIC', `there is no magic %${name}${near ? `; did you mean %${near}?` : '; %lsmagic lists all'}`)
    }
    context.output.stream('stdout', `${magicHelp(magic)}\n`)
  },
}

export const lsmagic: Magic = {
  name: 'lsmagic',
  kinds: ['line'],
  usage: '%lsmagic',
  summary: 'Lists the magics.',
  options: [],
  async run(_call, context) {
    context.output.stream('stdout', `${overview(context.notebook.magics)}\n`)
  },
}

function overview(magics: readonly Magic[]): string {
  const forms = magics.map((magic) => ({ form: magic.kinds.map((kind) => (kind === 'cell' ? `%%${magic.name}` : kind === 'shell' ? '!command' : `%${magic.name}`)).join('  '), summary: magic.summary }))
  const width = Math.max(...forms.map(({ form }) => form.length))
  return [...forms.map(({ form, summary }) => `${form.padEnd(width)}  ${summary}`), '', ORDER_NOTE].join('\n')
}

/** Code around a magic line is compiled in pieces, so functions are hoisted within their piece alone. */
const ORDER_NOTE = 'Magic lines and the code between them run from top to bottom: a function declared below a magic line can be called from that line on.'
