/**
 * Owns the entry of the JupyterLab extension: renderers for Plotly figures and for the cards of runs.
 */
import { INotebookTracker } from '@jupyterlab/notebook'
import { IRenderMimeRegistry } from '@jupyterlab/rendermime'
import { CARD_MIME, RunCard } from './run-card.ts'
import { connectRuns } from './run-comm.ts'
import type { NotebookTracker, Plugin, RenderMimeRegistry } from './lab-types.ts'
import { PLOTLY_MIME, PlotlyFigure } from './plotly-figure.ts'

/** Before JupyterLab's own renderers of the HTML (50) and PNG (90) that stand beside it in a bundle. */
const RANK = 0

const plugin: Plugin<[RenderMimeRegistry, NotebookTracker | null]> = {
  id: 'labflow:renderers',
  description: 'Draws Plotly figures and the cards of Labflow runs.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (_app, registry, tracker) => {
    registry.addFactory({ safe: true, mimeTypes: [PLOTLY_MIME], defaultRank: RANK, createRenderer: () => new PlotlyFigure() }, RANK)
    registry.addFactory({ safe: true, mimeTypes: [CARD_MIME], defaultRank: RANK, createRenderer: () => new RunCard((node) => connectRuns(tracker, node)) }, RANK)
  },
}

export default plugin
