/**
 * Owns `%logs`: what a run logged and printed, as kept by the executor.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import type { OptionSpec } from '../src/config/option-table.ts'
import { LabflowError } from '../src/model/errors.ts'
import type { LogLine } from '../src/wire/engine-protocol.ts'
import { type Magic, written } from '../kernel/cell/magic.ts'
import { findRun, requireRun } from './run-references.ts'

/** How many lines are shown unless told. */
const DEFAULT_TAIL = 1000

const OPTIONS: readonly OptionSpec[] = [
  { name: 'tail', value: 'required', form: 'N', help: `only the last N lines; ${DEFAULT_TAIL} unless told`, parse: readTail },
]

export const logs: Magic = {
  name: 'logs',
  kinds: ['line'],
  usage: '%logs RUN [--tail N]',
  summary: 'Shows what a run logged and printed.',
  options: OPTIONS,
  async run(call, context) {
    const { words, options } = parseOptionLine<{ tail?: number }>(call.argument, OPTIONS, { magic: written(call), maxWords: 1 })
    const run = await findRun(requireRun(words, written(call)), context)
    const { result } = await context.notebook.engine.request('logs', { runId: run.id, tail: options.tail ?? DEFAULT_TAIL })
    const cut = result.cutLines > 0 ? `… ${result.cutLines} earlier lines left out\n` : ''
    const text = result.lines.map(lineText).join('\n')
    context.output.stream('stdout', text === '' ? `${run.shortId} logged nothing\n` : `${cut}${text}\n`)
  },
}

function lineText(line: LogLine): string {
  const time = new Date(line.timeMs).toTimeString().slice(0, 8)
  const level = line.level === 'stdout' ? '' : `${line.level} `
  return `${time} ${level}${line.message.replace(/\n$/, '')}`
}

function readTail(text: string | null): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new LabflowError('BAD_OPTION', `--tail got "${text}", but takes a whole number of lines`)
}
