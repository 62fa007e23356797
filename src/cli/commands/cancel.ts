/** Owns `labflow cancel RUN`: asks the executor to end a run and what it started, and waits until it is gone. */
import { LabflowError } from '../../model/errors.ts'
import { isFinal } from '../../model/state.ts'
import type { Command } from '../command.ts'
import { withEngine } from '../engine-door.ts'
import { stateWords } from '../run-table.ts'

export const command: Command = {
  name: 'cancel',
  usage: 'labflow cancel RUN [RUN …]',
  summary: 'cancel runs, the processes they started included',
  flags: {},
  async run({ positionals }) {
    if (positionals.length === 0) throw new LabflowError('BAD_OPTION', 'which run? labflow cancel RUN, such as labflow cancel r12')
    return withEngine(async (engine) => {
      for (const reference of positionals) {
        const run = await engine.get(reference)
        if (isFinal(run.state.type)) {
          console.log(`${run.shortId} · ${run.runName} had ended already: ${stateWords(run)}`)
          continue
        }
        const handle = await engine.attach(run.id)
        await engine.cancel(run.id, 'cancelled from the command line')
        const ended = await handle.ended
        console.log(`${run.shortId} · ${run.runName} · ${stateWords(ended.run)}`)
      }
      return 0
    })
  },
}
