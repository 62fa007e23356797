/**
 * Owns the words that name runs on a magic line: `r12`, a prefix of the long id, or a name, which means its newest run.
 */
import { LabflowError } from '../src/model/errors.ts'
import type { RunRecord } from '../src/model/run.ts'
import type { MagicContext } from '../kernel/cell/magic.ts'

/** The run of a reference; says which run a name stands for. @throws LabflowError NO_SUCH_RUN. */
export async function findRun(reference: string, context: MagicContext): Promise<RunRecord> {
  const run = await context.notebook.runs.find(reference)
  tellWhich(reference, run, context)
  return run
}

/** A name stands for its newest run: the answer says which that is. */
export function tellWhich(reference: string, run: RunRecord, context: MagicContext): void {
  if (reference === run.shortId || run.id.startsWith(reference)) return
  context.output.stream('stdout', `${reference} is ${run.shortId}\n`)
}

/** @throws LabflowError BAD_MAGIC saying how the magic is used. */
export function requireRun(words: readonly string[], magic: string): string {
  const [reference] = words
  if (reference === undefined) throw new LabflowError('BAD_MAGIC', `${magic} needs a run: ${magic} r12, or ${magic} name; %runs lists them`)
  return reference
}
