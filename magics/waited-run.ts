/**
 * Owns a cell that is its run: wait, bind the outputs, show the value, or fail with the run's error.
 */
import type { MagicContext } from '../kernel/cell/magic.ts'
import type { StartedRun } from '../kernel/runs/cell-runs.ts'
import { assertCompleted, waitForRun } from '../kernel/runs/run-wait.ts'

/** Waits for the run and binds what it hands back; interrupting cancels it. @throws CellError with the run's error. */
export async function finishWaitedRun({ tracked, outputs }: StartedRun, context: MagicContext): Promise<void> {
  const { notebook, output, signal } = context
  await notebook.binder.overtake(outputs)
  const ended = await waitForRun(tracked, notebook.runs, signal, 'cancel')
  assertCompleted(ended.run)
  await notebook.binder.bindAndShow(ended.run, ended.buffers, Object.fromEntries(outputs.filter((name) => ended.run.outputNames.includes(name)).map((name) => [name, name])), output)
}
