/**
 * Owns a notebook without a front end, in this process: nobody to talk to by comms, output into a collector.
 */
import type { CommPort, NotebookPort } from '../../kernel/contract.ts'
import type { OutputCollector } from './output-collector.ts'

/** Opens a notebook whose cells run in `folder`; the caller closes it. */
export async function openHeadlessNotebook(options: { folder: string; notebookName: string | null; output: OutputCollector }): Promise<NotebookPort> {
  const { createNotebook } = await import('../../kernel/notebook.ts')
  return createNotebook({ ...options, comms: noComms, log: () => {} })
}

/** What a cell sends to a page goes nowhere, as when the page is closed. */
const noComms: CommPort = {
  register: () => {},
  open: (targetName) => ({ commId: '', targetName, send: () => {}, close: () => {} }),
  connectSession: () => {},
  fromSession: () => {},
  dropSession: () => {},
}
