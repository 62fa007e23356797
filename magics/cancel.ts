/**
 * Owns `%cancel`: ends runs, with everything they started.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { isFinal } from '../src/model/state.ts'
import { type Magic, written } from '../kernel/cell/magic.ts'
import { stateWord } from '../kernel/runs/card.ts'
import { findRun, requireRun } from './run-references.ts'

/** How many runs one line may name. */
const MAX_RUNS = 100

export const cancel: Magic = {
  name: 'cancel',
  kinds: ['line'],
  usage: '%cancel RUN …',
  summary: 'Ends runs that wait or work; what they have finished stays.',
  options: [],
  async run(call, context) {
    const { words } = parseOptionLine(call.argument, [], { magic: written(call), maxWords: MAX_RUNS })
    requireRun(words, written(call))
    for (const word of words) {
      const run = await findRun(word, context)
      if (isFinal(run.state.type)) {
        context.output.stream('stdout', `${run.shortId} ${run.runName} has ended already: ${stateWord(run)}\n`)
        continue
      }
      const after = await context.notebook.runs.cancel(run.id, 'cancelled by %cancel')
      context.output.stream('stdout', `${after.shortId} ${after.runName}: ${stateWord(after)}\n`)
    }
  },
}
