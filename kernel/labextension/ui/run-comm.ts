/**
 * Owns the way from a card to the kernel of its notebook: one comm on the target labflow.runs per click.
 */
import type { Kernel, NotebookTracker } from './lab-types.ts'

/** Comm target of the kernel. */
export const RUNS_TARGET = 'labflow.runs'

/** What a card may ask of its kernel. */
export interface RunsLink {
  /** Asks the kernel to cancel a run; `onRefused` hears why it did not. */
  cancel(runId: string, onRefused: (why: string) => void): void
}

/** The link to the kernel of the notebook that holds `node`, or null where there is none (a preview, a kernel that is gone). */
export function connectRuns(tracker: NotebookTracker | null, node: HTMLElement): RunsLink | null {
  const kernel = tracker?.find((panel) => panel.node.contains(node))?.sessionContext.session?.kernel ?? null
  return kernel === null ? null : { cancel: (runId, onRefused) => cancel(kernel, runId, onRefused) }
}

function cancel(kernel: Kernel, runId: string, onRefused: (why: string) => void): void {
  const comm = kernel.createComm(RUNS_TARGET)
  const refusal = (data: unknown): void => {
    const error = (data as { error?: unknown } | null)?.error
    if (typeof error === 'string') onRefused(error)
  }
  comm.onMsg = (message) => refusal(message.content.data)
  comm.onClose = (message) => refusal(message.content.data)
  comm.open({})
  comm.send({ type: 'cancel', run: runId })
}
