/**
 * Owns `%task fn …` and `%flow fn …`: an existing notebook function becomes a task or flow.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { RUN_OPTIONS, runOptionsOf } from '../src/config/option-table.ts'
import { nearMatch } from '../src/config/near-match.ts'
import { LabflowError } from '../src/model/errors.ts'
import type { RunKind } from '../src/model/run.ts'
import { type MagicContext, written } from '../kernel/cell/magic.ts'
import type { MagicCall } from '../kernel/cell/magic-lines.ts'
import { definedText } from './background-cell.ts'
import { declareTasks } from './task-types.ts'

/** @throws LabflowError NO_SUCH_NAME with the nearest function. */
export async function defineExisting(call: MagicCall, kind: RunKind, context: MagicContext): Promise<void> {
  const magic = written(call)
  const { words, options: given } = parseOptionLine(call.argument, RUN_OPTIONS, { magic, maxWords: 20 })
  const { names, session } = context.notebook
  if (words.length === 0) throw new LabflowError('BAD_MAGIC', `${magic} needs the name of a function, or code below it in the same cell`)
  for (const word of words) {
    if (names.setMs(word) !== null) continue
    const near = nearMatch(word, names.callables)
    throw new LabflowError('NO_SUCH_NAME', `there is no function ${word} in this notebook${near ? `; did you mean ${near}?` : ''}`)
  }
  const options = { ...context.notebook.settings().runOptions(), ...runOptionsOf(given) }
  await session.ask({ type: 'make-tasks', names: words, kind, options, taskName: words.length === 1 ? (given.name ?? null) : null })
  declareTasks(words, '', context)
  context.output.stream('stdout', `${definedText(words, kind)}\n`)
}
