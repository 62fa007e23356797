/**
 * Owns the static drawing of heatmaps: one rectangle a cell, and a colour bar.
 */
import { colourScale, defaultScale } from './colours.ts'
import type { Drawing } from './drawing.ts'
import { coordinatesIn, listIn, numberIn, objectIn, titleIn } from './figure.ts'
import type { Coordinate, Trace } from './figure.ts'
import { rectangle } from './svg.ts'

/** Makes the drawing of a heatmap; `x` and `y` are centres or categories, or cell edges when one longer than `z`. */
export function heatmapDrawing(trace: Trace): Drawing {
  const rows = Array.from(listIn(trace['z']) ?? [], (row) => Array.from(listIn(row) ?? [], (value) => (value === null || value === undefined ? Number.NaN : Number(value))))
  const nColumns = rows.reduce((most, row) => Math.max(most, row.length), 0)
  const x = cellEdges(coordinatesIn(trace, 'x'), nColumns)
  const y = cellEdges(coordinatesIn(trace, 'y'), rows.length)
  const finite = rows.flat().filter(Number.isFinite)
  const low = numberIn(trace, 'zmin', finite.reduce((a, b) => Math.min(a, b), Infinity))
  const high = numberIn(trace, 'zmax', finite.reduce((a, b) => Math.max(a, b), -Infinity))
  const colourOf = colourScale(trace['colorscale'], defaultScale(low, high), trace['reversescale'] === true)
  return {
    x: x.values,
    y: y.values,
    isTight: true,
    paint: (frame) => {
      let cells = ''
      rows.forEach((row, rowIndex) => {
        const [top, bottom] = y.span(frame.y, rowIndex)
        row.forEach((value, columnIndex) => {
          if (!Number.isFinite(value)) return
          const [left, right] = x.span(frame.x, columnIndex)
          cells += rectangle(left, top, right, bottom, `fill="${colourOf(high > low ? (value - low) / (high - low) : 0.5)}"`)
        })
      })
      // Neighbouring cells share an edge: without this hint thin light seams show between them.
      return `<g shape-rendering="crispEdges">${cells}</g>`
    },
    legend: null,
    colourBar: trace['showscale'] === false ? null : { low, high, colourOf, title: titleIn(objectIn(trace, 'colorbar')) },
  }
}

type PixelAxis = { pixel(value: Coordinate): number; categoryWidthPx: number | null }

function cellEdges(given: Coordinate[] | null, count: number): { values: Coordinate[]; span(axis: PixelAxis, index: number): [number, number] } {
  if (given !== null && given.some((value) => typeof value === 'string')) {
    return {
      values: given,
      span: (axis, index) => {
        const middle = axis.pixel(given[index] as Coordinate)
        const half = (axis.categoryWidthPx ?? 0) / 2
        return [middle - half, middle + half]
      },
    }
  }
  const numbers = (given ?? Array.from({ length: count }, (_, index) => index)).map(Number)
  const edges = numbers.length === count + 1 ? numbers : edgesAround(numbers)
  return { values: edges, span: (axis, index) => [axis.pixel(edges[index] ?? Number.NaN), axis.pixel(edges[index + 1] ?? Number.NaN)] }
}

function edgesAround(centres: readonly number[]): number[] {
  if (centres.length === 0) return [0, 1]
  if (centres.length === 1) return [(centres[0] as number) - 0.5, (centres[0] as number) + 0.5]
  const inner = centres.slice(1).map((centre, index) => (centre + (centres[index] as number)) / 2)
  const first = 2 * (centres[0] as number) - (inner[0] as number)
  const last = 2 * (centres.at(-1) as number) - (inner.at(-1) as number)
  return [first, ...inner, last]
}
