/**
 * Owns the static drawing of a whole figure as SVG: title, panels, legend, colour bar.
 * A trace it cannot draw is named on the picture; nothing is left out silently.
 */
import { barDrawing, histogramDrawing, histogramValues } from './bar-trace.ts'
import { COLOUR_CYCLE, cycleColour } from './colours.ts'
import type { Drawing, TraceContext } from './drawing.ts'
import { listIn, objectIn, stringIn, titleIn } from './figure.ts'
import type { Figure, Trace } from './figure.ts'
import { heatmapDrawing } from './heatmap-trace.ts'
import { paintPanel } from './panel.ts'
import type { Box } from './panel.ts'
import { axisNames, panelBox } from './panels.ts'
import { scatterDrawing } from './scatter-trace.ts'
import { colourAttribute, escapeText, fitText, label, px, rectangle, textWidthPx } from './svg.ts'

const LEGEND_SIZE_PX = 12
const LEGEND_LINE_PX = 18

/** Draws a figure of `widthPx` × `heightPx`. */
export function figureSvg(figure: Figure, widthPx: number, heightPx: number, fontFamily: string): string {
  const layout = figure.layout ?? {}
  const { drawings, undrawn } = drawingsOf(figure)
  const painted = drawings.map(({ drawing }) => drawing)
  const legend = legendEntries(painted, layout)
  const bar = painted.flatMap(({ colourBar }) => (colourBar !== null && colourBar.low <= colourBar.high ? [colourBar] : []))[0] ?? null
  const title = titleIn(layout)
  const notes = undrawn.map((what) => `${what} cannot be drawn statically; open the notebook with JavaScript to see it.`)
  const legendWidth = legend.length === 0 ? 0 : Math.min(widthPx * 0.3, 34 + Math.max(...legend.map(({ name }) => textWidthPx(name, LEGEND_SIZE_PX))))
  const all: Box = {
    left: 74,
    top: 20 + (title === '' ? 0 : 28) + notes.length * LEGEND_LINE_PX,
    right: widthPx - 20 - legendWidth - (bar === null ? 0 : 74),
    bottom: heightPx - 52,
  }
  const body = [
    title === '' ? '' : label(fitText(title, 17, widthPx - 40), widthPx / 2, 30, 17, 'middle'),
    ...notes.map((note, index) => label(note, 20, 20 + (title === '' ? 0 : 28) + index * LEGEND_LINE_PX, LEGEND_SIZE_PX, 'start', 'fill="#b3261e"')),
    painted.length === 0 && undrawn.length > 0 ? '' : paintPanels(drawings, layout, all),
    paintLegend(legend, widthPx - legendWidth - 8, all.top, heightPx, legendWidth),
    bar === null ? '' : paintColourBar(bar, all),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" font-family="${escapeText(fontFamily)}" fill="#2a3f5f">${rectangle(0, 0, widthPx, heightPx, 'fill="#fff"')}${body.join('')}</svg>`
}

interface Placed {
  drawing: Drawing
  xName: string
  yName: string
}

function drawingsOf(figure: Figure): { drawings: Placed[]; undrawn: string[] } {
  const layout = figure.layout ?? {}
  const cycle = Array.from(listIn(layout['colorway']) ?? COLOUR_CYCLE, String)
  const isStacked = layout['barmode'] === 'stack' || layout['barmode'] === 'relative'
  const isSideBySide = !isStacked && layout['barmode'] !== 'overlay'
  const shown = figure.data.map((trace, index) => ({ trace, index })).filter(({ trace }) => trace['visible'] !== false && trace['visible'] !== 'legendonly')
  const bars = shown.filter(({ trace }) => trace['type'] === 'bar')
  const histograms = shown.filter(({ trace }) => trace['type'] === 'histogram')
  const stacks = new Map<string, Map<string, number>>()
  const drawings: Placed[] = []
  const undrawn: string[] = []
  for (const { trace, index } of shown) {
    const { xName, yName } = axisNames(trace)
    const panel = `${xName} ${yName}`
    const group = bars.filter((other) => isInPanel(other.trace, panel))
    if (!stacks.has(panel)) stacks.set(panel, new Map())
    const isGrouped = isSideBySide && trace['type'] === 'bar'
    const context: TraceContext = {
      index,
      colour: cycleColour(index, cycle.length > 0 ? cycle : COLOUR_CYCLE),
      barIndex: isGrouped ? group.findIndex((other) => other.index === index) : 0,
      barCount: isGrouped ? group.length : 1,
      stack: isStacked ? (stacks.get(panel) as Map<string, number>) : null,
      histogramValues: histograms.filter((other) => isInPanel(other.trace, panel)).flatMap((other) => histogramValues(other.trace)),
      isOverlaid: histograms.length > 1,
    }
    const drawing = isOverlaying(layout, xName, yName) ? null : drawingOf(trace, context)
    if (drawing === null) undrawn.push(`Trace ${index + 1} (${stringIn(trace, 'type', 'scatter')}${isOverlaying(layout, xName, yName) ? ' on a second axis' : ''})`)
    else drawings.push({ drawing, xName, yName })
  }
  return { drawings, undrawn }
}

function isInPanel(trace: Trace, panel: string): boolean {
  const { xName, yName } = axisNames(trace)
  return `${xName} ${yName}` === panel
}

function isOverlaying(layout: Readonly<Record<string, unknown>>, xName: string, yName: string): boolean {
  return [xName, yName].some((name) => typeof objectIn(layout, name)['overlaying'] === 'string')
}

function drawingOf(trace: Trace, context: TraceContext): Drawing | null {
  const type = trace['type'] ?? 'scatter'
  if (type === 'scatter' || type === 'scattergl') return scatterDrawing(trace, context)
  if (type === 'bar') return barDrawing(trace, context)
  if (type === 'histogram') return histogramDrawing(trace, context)
  return type === 'heatmap' || type === 'heatmapgl' ? heatmapDrawing(trace) : null
}

function paintPanels(drawings: readonly Placed[], layout: Readonly<Record<string, unknown>>, all: Box): string {
  const panels = new Map<string, Placed[]>([...new Set(drawings.map(({ xName, yName }) => `${xName} ${yName}`))].map((panel) => [panel, []]))
  for (const placed of drawings) panels.get(`${placed.xName} ${placed.yName}`)?.push(placed)
  if (panels.size === 0) return paintPanel([], layout, 'xaxis', 'yaxis', all, 'panel-0')
  return [...panels.values()]
    .map((placed, index) => {
      const { xName, yName } = placed[0] as Placed
      return paintPanel(placed.map(({ drawing }) => drawing), layout, xName, yName, panelBox(layout, xName, yName, all), `panel-${index}`)
    })
    .join('')
}

type LegendEntry = NonNullable<Drawing['legend']>

/** As Plotly: shown when asked for, else with two traces or more. */
function legendEntries(drawings: readonly Drawing[], layout: Readonly<Record<string, unknown>>): LegendEntry[] {
  const entries = drawings.flatMap(({ legend }) => (legend?.isShown === true ? [legend] : []))
  return layout['showlegend'] === false || (layout['showlegend'] !== true && drawings.length < 2) ? [] : entries
}

function paintLegend(entries: readonly LegendEntry[], left: number, top: number, heightPx: number, widthPx: number): string {
  const most = Math.max(1, Math.floor((heightPx - top - 40) / LEGEND_LINE_PX))
  const shown = entries.length > most ? entries.slice(0, most - 1) : entries
  const rows = shown.map(({ name, colour, shape }, index) => {
    const y = top + 8 + index * LEGEND_LINE_PX
    const fill = `fill="${colourAttribute(colour)}"`
    const swatch = shape === 'dot' ? `<circle cx="${px(left + 8)}" cy="${px(y)}" r="5" ${fill}/>` : shape === 'line' ? rectangle(left, y - 1, left + 16, y + 1, fill) : rectangle(left + 2, y - 6, left + 14, y + 6, fill)
    return swatch + label(fitText(name, LEGEND_SIZE_PX, widthPx - 30), left + 22, y + 4, LEGEND_SIZE_PX, 'start')
  })
  const hidden = entries.length - shown.length
  if (hidden > 0) rows.push(label(`and ${hidden} more`, left + 22, top + 12 + shown.length * LEGEND_LINE_PX, LEGEND_SIZE_PX, 'start'))
  return rows.join('')
}

function paintColourBar(bar: NonNullable<Drawing['colourBar']>, all: Box): string {
  const left = all.right + 14
  const bands = 60
  const height = (all.bottom - all.top) / bands
  const cells = Array.from({ length: bands }, (_, band) => rectangle(left, all.bottom - band * height, left + 16, all.bottom - (band + 1) * height, `fill="${bar.colourOf((band + 0.5) / bands)}"`))
  const ends = [bar.low, (bar.low + bar.high) / 2, bar.high].map((value, index) => label(String(Number(value.toPrecision(3))), left + 21, all.bottom - ((all.bottom - all.top) * index) / 2 + 4, 11, 'start'))
  return `<g shape-rendering="crispEdges">${cells.join('')}</g>${ends.join('')}${bar.title === '' ? '' : label(fitText(bar.title, 11, 80), left, all.top - 8, 11, 'start')}`
}
