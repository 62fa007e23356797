/**
 * Owns which panel a trace belongs to and where the panels of a figure are: Plotly's subplots by axis domain or by grid.
 */
import { listIn, numberIn, objectIn, stringIn } from './figure.ts'
import type { Trace } from './figure.ts'
import type { Box } from './panel.ts'

/** The axis names of a trace in the layout: xaxis, yaxis2, … */
export function axisNames(trace: Trace): { xName: string; yName: string } {
  return { xName: `xaxis${stringIn(trace, 'xaxis', 'x').slice(1)}`, yName: `yaxis${stringIn(trace, 'yaxis', 'y').slice(1)}` }
}

/** The box of a panel inside the box of all panels. */
export function panelBox(layout: Readonly<Record<string, unknown>>, xName: string, yName: string, all: Box): Box {
  const cell = gridCell(layout, Number(xName.slice(5) || '1'))
  const [left, right] = domainOf(objectIn(layout, xName)) ?? cell?.x ?? [0, 1]
  const [bottom, top] = domainOf(objectIn(layout, yName)) ?? cell?.y ?? [0, 1]
  const width = all.right - all.left
  const height = all.bottom - all.top
  return { left: all.left + left * width, right: all.left + right * width, top: all.bottom - top * height, bottom: all.bottom - bottom * height }
}

function domainOf(axis: Readonly<Record<string, unknown>>): [number, number] | null {
  const domain = listIn(axis['domain'])
  return domain !== null && domain.length === 2 && Number(domain[0]) < Number(domain[1]) ? [Number(domain[0]), Number(domain[1])] : null
}

/** Cell n (from 1, row by row, top first) of layout.grid. */
function gridCell(layout: Readonly<Record<string, unknown>>, number: number): { x: [number, number]; y: [number, number] } | null {
  const grid = objectIn(layout, 'grid')
  const nRows = numberIn(grid, 'rows', 0)
  const nColumns = numberIn(grid, 'columns', 0)
  if (nRows * nColumns < 1) return null
  const [row, column] = [Math.floor((number - 1) / nColumns), (number - 1) % nColumns]
  const span = (index: number, count: number, gap: number): [number, number] => {
    const size = (1 - gap * (count - 1)) / count
    return [index * (size + gap), index * (size + gap) + size]
  }
  return { x: span(column, nColumns, 0.12), y: span(nRows - 1 - row, nRows, 0.2) }
}
