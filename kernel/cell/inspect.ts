/**
 * Owns what is told of a name: a magic's help, or type, documentation and live value of a variable.
 */
import type { MimeBundle } from '../../src/model/run.ts'
import type { CellPayload } from '../contract.ts'
import { flagOf } from '../../src/config/option-table.ts'
import type { LiveDescription } from '../session/protocol.ts'
import type { Magic, NotebookServices } from './magic.ts'

/** The page of `name?` or `%magic?`. */
export async function inspectName(text: string, notebook: NotebookServices): Promise<CellPayload> {
  const name = text.replaceAll('?', '').trim()
  const data = (await describeName(name, name, name.length, notebook)) ?? { 'text/plain': `${name}: nothing is known by this name` }
  return { source: 'page', data, start: 0 }
}

/** Everything known of the name under the cursor, or null. `code` is the cell around it. */
export async function describeName(name: string, code: string, cursor: number, notebook: NotebookServices): Promise<MimeBundle | null> {
  const magicName = /^%{1,2}([\w-]+)/.exec(name)?.[1]
  if (magicName !== undefined) {
    const magic = notebook.magics.find((candidate) => candidate.name === magicName)
    return magic ? { 'text/plain': magicHelp(magic) } : null
  }
  const language = await notebook.language().then((port) => port.inspect(code, cursor)).catch(() => null)
  // A session that runs a cell cannot answer before the cell's end.
  const live = name === '' || notebook.session.isBusy ? null : await notebook.session.describe(name).catch(() => null)
  const cell = notebook.names.cell(name)
  // `any` for a name that does not exist is no knowledge.
  const signature = language?.signature === 'any' && !live?.exists ? null : language?.signature
  const parts = [
    signature,
    language?.documentation,
    cell ? `${cell.kind} cell ${cell.name}: %submit ${cell.name}${cell.analysis.parameters.map((parameter) => ` ${parameter.name}=${JSON.stringify(parameter.value)}`).join('')}` : null,
    live?.exists ? liveText(live) : null,
  ].filter((part): part is string => part !== null && part !== undefined && part !== '')
  return parts.length === 0 ? null : { 'text/plain': parts.join('\n\n') }
}

/** The magic, or the dotted name, around the cursor; empty when there is none. */
export function nameAt(code: string, cursor: number): string {
  const lineStart = code.lastIndexOf('\n', cursor - 1) + 1
  const magic = /^\s*(%{1,2}[\w-]+)/.exec(code.slice(lineStart).split('\n')[0] ?? '')
  if (magic && cursor - lineStart <= magic[0].length) return magic[1] as string
  const before = /[\p{ID_Continue}$.]*$/u.exec(code.slice(0, cursor))?.[0] ?? ''
  const after = /^[\p{ID_Continue}$]*/u.exec(code.slice(cursor))?.[0] ?? ''
  return (before + after).replace(/^\.+|\.+$/g, '')
}

function liveText(live: LiveDescription): string {
  return live.preview === '' ? live.kind : `${live.kind}: ${live.preview}`
}

/** A magic's help page as text. */
export function magicHelp(magic: Magic): string {
  const options = magic.options.map((option) => {
    const form = option.value === 'none' ? '' : option.value === 'optional' ? `[=${option.form}]` : ` ${option.form}`
    return { flag: flagOf(option.name) + form, help: option.help }
  })
  const width = Math.max(0, ...options.map(({ flag }) => flag.length))
  const lines = options.map(({ flag, help }) => `  ${flag.padEnd(width)}  ${help}`)
  return [magic.usage, '', magic.summary, ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')
}
