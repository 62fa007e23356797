/** Owns `labflow logs RUN`: what a run printed and logged, in order; `--follow` goes on until it ends. */
import { LabflowError } from '../../model/errors.ts'
import { isFinal } from '../../model/state.ts'
import type { Command } from '../command.ts'
import { withEngine } from '../engine-door.ts'
import { stateWords } from '../run-table.ts'
import { readCount } from './runs.ts'

export const command: Command = {
  name: 'logs',
  usage: 'labflow logs RUN [--tail N] [--follow]',
  summary: 'print what a run (r12, or a name: its newest run) printed and logged',
  flags: {
    tail: { type: 'string', value: 'N', help: 'only the last N lines' },
    follow: { type: 'boolean', short: 'f', help: 'go on until the run ends' },
  },
  async run({ positionals, flags }) {
    const reference = positionals[0]
    if (reference === undefined) throw new LabflowError('BAD_OPTION', 'which run? labflow logs RUN, such as labflow logs r12')
    const tail = flags.tail === undefined ? undefined : readCount(String(flags.tail), '--tail')
    return withEngine(async (engine) => {
      const run = await engine.get(reference)
      const { lines, cutLines } = await engine.logs(run.id, tail)
      console.error(`${run.shortId} · ${run.runName} · ${stateWords(run)}`)
      if (cutLines > 0) console.error(`(${cutLines} earlier lines are not shown)`)
      for (const line of lines) process.stdout.write(formatLine(line))
      if (flags.follow !== true || isFinal(run.state.type)) return 0
      const handle = await engine.attach(run.id)
      handle.onEvent((event) => {
        if (event.runId !== run.id) return
        if (event.type === 'log') process.stdout.write(formatLine(event))
        if (event.type === 'output' && event.output.type === 'stream') process.stdout.write(event.output.text)
      })
      const ended = await handle.ended
      console.error(`${run.shortId} · ${stateWords(ended.run)}`)
      return 0
    })
  },
}

function formatLine(line: { timeMs: number; level: string; message: string }): string {
  if (line.level === 'stdout' || line.level === 'stderr') return line.message.endsWith('\n') ? line.message : `${line.message}\n`
  return `${new Date(line.timeMs).toISOString()} ${line.level.padEnd(7)} ${line.message}\n`
}
