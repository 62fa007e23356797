/** Owns `labflow runs`: the newest runs of the project's store, as a table or JSON. */
import { LabflowError } from '../../model/errors.ts'
import { STATE_TYPES, type StateType } from '../../model/state.ts'
import type { Command } from '../command.ts'
import { withEngine } from '../engine-door.ts'
import { formatRuns } from '../run-table.ts'

export const command: Command = {
  name: 'runs',
  usage: 'labflow runs [--name NAME] [--state STATE] [--tag TAG] [--limit N] [--json]',
  summary: 'list the runs of this project, newest first',
  flags: {
    name: { type: 'string', value: 'NAME', help: 'only runs of this task or flow' },
    state: { type: 'string', value: 'STATE', help: 'only this state, such as RUNNING or FAILED' },
    tag: { type: 'string', value: 'TAG', help: 'only runs with this tag' },
    limit: { type: 'string', value: 'N', help: 'how many (20)' },
    json: { type: 'boolean', help: 'the whole records as JSON' },
  },
  async run({ flags }) {
    const state = flags.state === undefined ? undefined : readState(String(flags.state))
    const filter = {
      limit: flags.limit === undefined ? 20 : readCount(String(flags.limit), '--limit'),
      ...(flags.name === undefined ? {} : { name: String(flags.name) }),
      ...(flags.tag === undefined ? {} : { tag: String(flags.tag) }),
      ...(state === undefined ? {} : { states: [state] }),
    }
    const runs = await withEngine((engine) => engine.list(filter))
    console.log(flags.json === true ? JSON.stringify(runs, null, 2) : formatRuns(runs, process.stdout.isTTY))
    return 0
  },
}

function readState(text: string): StateType {
  const state = STATE_TYPES.find((type) => type === text.toUpperCase())
  if (state === undefined) throw new LabflowError('BAD_OPTION', `--state ${text} is no state: use one of ${STATE_TYPES.join(', ')}`)
  return state
}

/** A whole number of at least 1. @throws LabflowError BAD_OPTION naming the option and the text. */
export function readCount(text: string, option: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new LabflowError('BAD_OPTION', `${option} ${text} must be a whole number of at least 1`)
  return count
}
