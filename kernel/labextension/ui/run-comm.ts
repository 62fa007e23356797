/**
 * Owns the way from a card to the kernel of its notebook: a comm on the target labflow.runs.
 * What the kernel pushes is written into the notebook's own output, so that it is drawn, and saved, as an update of the display would be.
 */
import type { Comm, Kernel, NotebookPanel, NotebookTracker } from './lab-types.ts'

/** Comm target of the kernel. */
export const RUNS_TARGET = 'labflow.runs'

type Bundle = Readonly<Record<string, unknown>>

/** What a card may ask of its kernel. */
export interface RunsLink {
  /** Asks the kernel to cancel a run; `onRefused` hears why it did not. */
  cancel(runId: string, onRefused: (why: string) => void): void
  /** Asks for the run's card and its updates; returns the way to stop. */
  watch(runId: string, listener: CardListener): () => void
}

/** Hears what the kernel pushes. */
export interface CardListener {
  /** Called before the bundle becomes the notebook's output. */
  willPush(bundle: Bundle): void
  /** Called in place of that where the output cannot be found. */
  onCard(bundle: Bundle): void
  /** The kernel knows no such run, or is none of ours. */
  onRefused(why: string): void
}

/** The link to the kernel of the notebook that holds `node`, or null where there is none (a preview, a kernel that is gone). */
export function connectRuns(tracker: NotebookTracker | null, node: HTMLElement): RunsLink | null {
  const panel = panelOf(tracker, node)
  const kernel = panel?.sessionContext.session?.kernel ?? null
  if (panel === null || kernel === null) return null
  return {
    cancel: (runId, onRefused) => {
      ask(kernel, { type: 'cancel', run: runId }, (data) => {
        if (typeof data['error'] === 'string') onRefused(data['error'])
      })
    },
    watch: (runId, listener) => {
      const comm = ask(kernel, { type: 'subscribe', run: runId }, (data) => {
        const { bundle } = data
        if (typeof bundle !== 'object' || bundle === null) return listener.onRefused(typeof data['error'] === 'string' ? data['error'] : 'this kernel does not know the run')
        listener.willPush(bundle as Bundle)
        if (!writeOutput(panel, node, bundle as Bundle)) listener.onCard(bundle as Bundle)
      })
      return () => {
        comm.onMsg = () => {}
        if (!comm.isDisposed) comm.close()
      }
    },
  }
}

function panelOf(tracker: NotebookTracker | null, node: HTMLElement): NotebookPanel | null {
  return tracker?.find((panel) => panel.node.contains(node)) ?? null
}

function ask(kernel: Kernel, request: Readonly<Record<string, string>>, onAnswer: (data: Readonly<Record<string, unknown>>) => void): Comm {
  const comm = kernel.createComm(RUNS_TARGET)
  const take = (message: { content: { data: unknown } }): void => {
    const { data } = message.content
    if (typeof data === 'object' && data !== null) onAnswer(data as Readonly<Record<string, unknown>>)
  }
  comm.onMsg = take
  comm.onClose = take
  comm.open({})
  comm.send(request)
  return comm
}

/** Puts the bundle in place of the output that `node` shows; false when that output cannot be found. */
function writeOutput(panel: NotebookPanel, node: HTMLElement, bundle: Bundle): boolean {
  const area = panel.content.widgets.find((cell) => cell.node.contains(node))?.outputArea
  if (area === undefined) return false
  const index = area.widgets.findIndex((output) => output.node.contains(node))
  const output = index < 0 || index >= area.model.length ? null : area.model.get(index).toJSON()
  if (output === null || output['output_type'] !== 'display_data') return false
  area.model.set(index, { ...output, data: bundle })
  return true
}
