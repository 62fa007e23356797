/**
 * Owns the static drawing of scatter and scattergl traces: lines, markers, colours by value or by point.
 */
import { colourScale, cycleColour, defaultScale } from './colours.ts'
import type { Drawing, TraceContext } from './drawing.ts'
import { coordinatesIn, listIn, numberIn, objectIn, plainText, stringIn } from './figure.ts'
import type { Coordinate, Trace } from './figure.ts'
import { colourAttribute, px } from './svg.ts'

const DASHES: Readonly<Record<string, string>> = { dot: '2 3', dash: '8 5', dashdot: '8 4 2 4', longdash: '14 6' }
/** Above so many points Plotly, too, draws markers only. */
const MOST_POINTS_WITH_LINES = 20

/** Makes the drawing of a scatter trace. */
export function scatterDrawing(trace: Trace, context: TraceContext): Drawing {
  const y = coordinatesIn(trace, 'y') ?? []
  const x = coordinatesIn(trace, 'x') ?? y.map((_, index) => index)
  const nPoints = Math.min(x.length, y.length)
  const mode = stringIn(trace, 'mode', nPoints < MOST_POINTS_WITH_LINES ? 'lines+markers' : 'lines')
  const marker = objectIn(trace, 'marker')
  const colours = pointColours(marker, context.colour, nPoints)
  const hasMarkers = mode.includes('markers')
  return {
    x,
    y,
    paint: ({ x: xAxis, y: yAxis }) => {
      const places = Array.from({ length: nPoints }, (_, index) => [xAxis.pixel(x[index] as Coordinate), yAxis.pixel(y[index] as Coordinate)] as const)
      const lines = mode.includes('lines') ? paintLine(places, trace, context.colour) : ''
      return lines + (hasMarkers ? paintMarkers(places, trace, colours) : '')
    },
    legend: {
      name: plainText(stringIn(trace, 'name', `trace ${context.index}`)),
      colour: colours.list === null ? colours.single : context.colour,
      shape: hasMarkers ? 'dot' : 'line',
      isShown: trace['showlegend'] !== false,
    },
    colourBar: colours.bar,
  }
}

interface PointColours {
  single: string
  list: string[] | null
  bar: Drawing['colourBar']
}

function pointColours(marker: Trace, traceColour: string, nPoints: number): PointColours {
  const list = listIn(marker['color'])
  if (list === null) return { single: stringIn(marker, 'color', traceColour), list: null, bar: null }
  const values = Array.from({ length: nPoints }, (_, index) => list[index])
  if (values.some((value) => typeof value === 'string' && !Number.isFinite(Number(value)))) {
    // Colour names by point, as Plotly takes them; words that are no colours are categories to us.
    const words = [...new Set(values.map(String))]
    const isColour = words.every((word) => /^#|^rgb|^hsl/.test(word))
    return { single: traceColour, list: values.map((value) => (isColour ? String(value) : cycleColour(words.indexOf(String(value))))), bar: null }
  }
  const numbers = values.map(Number)
  const finite = numbers.filter(Number.isFinite)
  const low = numberIn(marker, 'cmin', finite.reduce((a, b) => Math.min(a, b), Infinity))
  const high = numberIn(marker, 'cmax', finite.reduce((a, b) => Math.max(a, b), -Infinity))
  const colourOf = colourScale(marker['colorscale'], defaultScale(low, high), marker['reversescale'] === true)
  const bar = marker['showscale'] === true ? { low, high, colourOf, title: stringIn(objectIn(objectIn(marker, 'colorbar'), 'title'), 'text', '') } : null
  return { single: traceColour, list: numbers.map((value) => colourOf(high > low ? (value - low) / (high - low) : 0.5)), bar }
}

type Place = readonly [number, number]

function paintLine(places: readonly Place[], trace: Trace, colour: string): string {
  const line = objectIn(trace, 'line')
  const marker = objectIn(trace, 'marker')
  let path = ''
  let isDrawing = false
  for (const [x, y] of places) {
    const hasPlace = Number.isFinite(x) && Number.isFinite(y)
    if (hasPlace) path += `${isDrawing ? 'L' : 'M'}${px(x)} ${px(y)}`
    isDrawing = hasPlace
  }
  const stroke = colourAttribute(stringIn(line, 'color', stringIn(marker, 'color', colour)))
  const dash = DASHES[stringIn(line, 'dash', '')]
  return `<path d="${path}" fill="none" stroke="${stroke}" stroke-width="${px(numberIn(line, 'width', 2))}" stroke-linejoin="round" opacity="${px(numberIn(trace, 'opacity', 1))}"${dash === undefined ? '' : ` stroke-dasharray="${dash}"`}/>`
}

function paintMarkers(places: readonly Place[], trace: Trace, colours: PointColours): string {
  const marker = objectIn(trace, 'marker')
  const sizes = listIn(marker['size'])
  const radiusOf = (index: number): number => Math.max(0.3, (sizes === null ? numberIn(marker, 'size', 6) : Number(sizes[index] ?? 6)) / 2)
  const opacity = numberIn(marker, 'opacity', 1) * numberIn(trace, 'opacity', 1)
  let circles = ''
  for (let index = 0; index < places.length; index++) {
    const [x, y] = places[index] as Place
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue
    const fill = colours.list === null ? '' : ` fill="${colourAttribute(colours.list[index] as string)}"`
    circles += `<circle cx="${px(x)}" cy="${px(y)}" r="${px(radiusOf(index))}"${fill}/>`
  }
  return `<g fill="${colourAttribute(colours.single)}" fill-opacity="${px(opacity)}">${circles}</g>`
}
