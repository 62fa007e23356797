/**
 * Owns the Plotly figures of the sculpt notebooks: an embedding coloured by cluster, and several side by side.
 */
import type { PlanePoints } from './analysis.ts'
import { NOISE } from './clustering.ts'

/** A figure as Plotly takes it. */
export interface PlotlyFigure {
  data: object[]
  layout: object
}

/** Told apart on white and on black. */
const COLOURS = ['#3b8bd8', '#f28e2b', '#3aa655', '#e15759', '#a277d6', '#b07d62', '#e377c2', '#b3ad2a', '#26b5c4'] as const
/** Distances mean something in an embedding: a unit is as long on both axes. */
const SAME_SCALE = { scaleanchor: 'x', scaleratio: 1 }
const NOISE_COLOUR = '#9aa0a6'

/** One scatter, one trace a cluster, noise last and grey. Every point is drawn: nothing is thinned out. */
export function scatterFigure(points: PlanePoints, clusterLabels: Int32Array, title: string): PlotlyFigure {
  return {
    data: clusterTraces(points, clusterLabels),
    layout: { title: { text: title }, xaxis: { title: { text: 'UMAP 1' } }, yaxis: { title: { text: 'UMAP 2' }, ...SAME_SCALE }, height: 480 },
  }
}

/** Several embeddings in panels side by side, each with its title under it. */
export function comparisonFigure(analyses: readonly { umap: PlanePoints; clusterLabels: Int32Array; title: string }[]): PlotlyFigure {
  const suffix = (panel: number): string => (panel === 0 ? '' : String(panel + 1))
  const data = analyses.flatMap(({ umap, clusterLabels }, panel) =>
    clusterTraces(umap, clusterLabels).map((trace) => ({ ...trace, xaxis: `x${suffix(panel)}`, yaxis: `y${suffix(panel)}`, showlegend: false })),
  )
  const axes = Object.fromEntries(analyses.flatMap(({ title }, panel) => [
    [`xaxis${suffix(panel)}`, { title: { text: title } }],
    [`yaxis${suffix(panel)}`, { ...SAME_SCALE, scaleanchor: `x${suffix(panel)}` }],
  ]))
  return { data, layout: { grid: { rows: 1, columns: analyses.length, pattern: 'independent' }, ...axes, height: 420 } }
}

function clusterTraces(points: PlanePoints, clusterLabels: Int32Array): object[] {
  const rowsOf = new Map<number, number[]>()
  clusterLabels.forEach((label, row) => {
    const rows = rowsOf.get(label)
    if (rows === undefined) rowsOf.set(label, [row])
    else rows.push(row)
  })
  // Four decimals are far below a pixel and keep the saved notebook small.
  const take = (values: Float64Array, rows: readonly number[]): number[] => rows.map((row) => Number((values[row] as number).toFixed(4)))
  return [...rowsOf.entries()]
    .sort(([a], [b]) => (a === NOISE ? 1 : b === NOISE ? -1 : a - b))
    .map(([label, rows]) => ({
      type: 'scattergl',
      mode: 'markers',
      name: label === NOISE ? `noise (${rows.length})` : `cluster ${label} (${rows.length})`,
      x: take(points.x, rows),
      y: take(points.y, rows),
      marker: { size: 3, opacity: 0.7, color: label === NOISE ? NOISE_COLOUR : COLOURS[label % COLOURS.length] },
    }))
}
