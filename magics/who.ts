/**
 * Owns `%who`: the notebook's variables with kind and first line. Triggers no getter.
 */
import { escapeHtml } from '../src/display/escape.ts'
import { parseOptionLine } from '../src/config/option-line.ts'
import { type Magic, written } from '../kernel/cell/magic.ts'
import { textTable } from './runs.ts'

interface Variable {
  name: string
  kind: string
  preview: string
  sizeBytes: number | null
}

export const who: Magic = {
  name: 'who',
  kinds: ['line'],
  usage: '%who',
  summary: "Lists the notebook's variables.",
  options: [],
  async run(call, context) {
    parseOptionLine(call.argument, [], { magic: written(call), maxWords: 0 })
    const { value: variables } = await context.notebook.session.ask<Variable[]>({ type: 'variables' })
    if (variables.length === 0) return context.output.stream('stdout', 'no variables\n')
    const rows = variables.map(({ name, kind, preview, sizeBytes }) => [name, kind, sizeBytes === null ? '' : sizeText(sizeBytes), preview])
    const html = rows.map((row) => `<tr>${row.map((text) => `<td style="text-align:left;padding:2px 10px;font-family:var(--jp-code-font-family,monospace)">${escapeHtml(text)}</td>`).join('')}</tr>`)
    context.output.display({ 'text/html': `<table>${html.join('')}</table>`, 'text/plain': textTable(rows, ['name', 'kind', 'size', 'value']) }, {}, null, false)
  },
}

function sizeText(sizeBytes: number): string {
  if (sizeBytes < 1000) return `${sizeBytes} B`
  if (sizeBytes < 1e6) return `${(sizeBytes / 1e3).toFixed(1)} kB`
  return sizeBytes < 1e9 ? `${(sizeBytes / 1e6).toFixed(1)} MB` : `${(sizeBytes / 1e9).toFixed(1)} GB`
}
