/**
 * Owns `%wait`: waits for a run, binds the outputs of a cell run, shows its value, throws its error.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { commaList, type OptionSpec } from '../src/config/option-table.ts'
import { nearMatch } from '../src/config/near-match.ts'
import { LabflowError } from '../src/model/errors.ts'
import type { RunRecord } from '../src/model/run.ts'
import { type Magic, type MagicContext, written } from '../kernel/cell/magic.ts'
import { assertCompleted, waitForRun } from '../kernel/runs/run-wait.ts'
import type { TrackedRun } from '../kernel/runs/tracked-run.ts'
import { requireRun, tellWhich } from './run-references.ts'

interface WaitOptions {
  as?: string[]
  only?: string[]
}

const OPTIONS: readonly OptionSpec[] = [
  { name: 'as', value: 'required', form: 'a,b', help: 'bind the outputs, in their order, under these names', isRepeatable: true, parse: (text) => readNames('as', text) },
  { name: 'only', value: 'required', form: 'a,b', help: 'bind only these outputs', isRepeatable: true, parse: (text) => readNames('only', text) },
]

export const wait: Magic = {
  name: 'wait',
  kinds: ['line'],
  usage: '%wait RUN [--as a,b] [--only a,b]',
  summary: 'Waits for a run, binds its outputs, shows its value; interrupting ends the wait, not the run.',
  options: OPTIONS,
  async run(call, context) {
    const { words, options } = parseOptionLine<WaitOptions>(call.argument, OPTIONS, { magic: written(call), maxWords: 1 })
    const reference = requireRun(words, written(call))
    const { notebook } = context
    const tracked = await notebook.runs.attach(reference, { cellId: context.request.cellId })
    tellWhich(reference, tracked.record, context)
    const ended = await waitForRun(tracked, notebook.runs, context.signal, 'leave')
    // A run that failed because of one output keeps the others: --only fetches them.
    const isKept = ended.run.state.type === 'FAILED' && ended.run.outputNames.length > 0 && options.only !== undefined
    if (!isKept) assertCompleted(ended.run)
    await bindOutputs(tracked, ended.run, await resultOf(ended, context), options, context)
  },
}

/** The end of a run that this kernel did not submit may have come without its result. */
async function resultOf(ended: { run: RunRecord; buffers: Uint8Array[] }, context: MagicContext): Promise<Uint8Array[]> {
  if (ended.buffers.length > 0 || (!ended.run.hasResult && ended.run.outputNames.length === 0)) return ended.buffers
  return (await context.notebook.engine.request('result', { runId: ended.run.id })).buffers
}

async function bindOutputs(tracked: TrackedRun, run: RunRecord, buffers: Uint8Array[], options: WaitOptions, context: MagicContext): Promise<void> {
  const { binder, names, pending, cellRuns } = context.notebook
  const owed = new Set(pending.take(tracked))
  if (owed.size > 0) await context.notebook.session.ask({ type: 'clear-pending', names: [...owed] })
  const wanted = options.only ?? run.outputNames
  for (const name of wanted) if (!run.outputNames.includes(name)) throw noSuchOutput(name, run)
  const targets = options.as
  if (targets && targets.length !== wanted.length) {
    throw new LabflowError('BAD_OPTION', `--as names ${targets.length}, but ${run.shortId} hands back ${wanted.length}${wanted.length > 0 ? `: ${wanted.join(', ')}` : ''}`)
  }
  const bound: Record<string, string> = {}
  const left: string[] = []
  for (const [index, name] of wanted.entries()) {
    const setMs = names.setMs(name)
    // --as and --only say what to do; a plain %wait leaves what was set after the run was submitted.
    const isNewer = !targets && !options.only && !owed.has(name) && setMs !== null && setMs > run.createdMs
    if (isNewer) left.push(name)
    else bound[name] = targets?.[index] ?? name
  }
  await binder.bind(run, buffers, bound)
  const targetsBound = Object.values(bound)
  if (targetsBound.length > 0) context.output.stream('stdout', `${fewNames(targetsBound)} from ${run.shortId}\n`)
  if (left.length > 0) context.output.stream('stdout', `left as set later: ${left.join(', ')} (%wait ${run.shortId} --as NAME fetches under another name)\n`)
  await cellRuns.showValue(buffers, context.output)
}

/** A flow's cell hands back all that it declares, newest last: the last few names say enough. */
function fewNames(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(-3).join(', ')} and ${names.length - 3} more names`
}

function noSuchOutput(name: string, run: RunRecord): LabflowError {
  const near = nearMatch(name, run.outputNames)
  const has = run.outputNames.length > 0 ? `it hands back ${run.outputNames.join(', ')}` : 'it hands back no names'
  return new LabflowError('BAD_OPTION', `${run.shortId} has no output ${name}: ${near ? `did you mean ${near}?` : has}`)
}

function readNames(option: string, text: string | null): string[] {
  return commaList(text ?? '').map((name) => {
    if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return name
    throw new LabflowError('BAD_OPTION', `--${option} got "${name}", but takes variable names, as in a,b`)
  })
}
