/**
 * Owns the static drawing of bar and histogram traces.
 */
import { binNumbers, countCategories } from './bins.ts'
import type { Drawing, Frame, TraceContext } from './drawing.ts'
import { coordinatesIn, listIn, numberIn, objectIn, plainText, stringIn } from './figure.ts'
import type { Coordinate, Trace } from './figure.ts'
import { colourAttribute, rectangle } from './svg.ts'

/** Share of a category's room that its bars fill. */
const BAR_SHARE = 0.8

interface Bar {
  at: Coordinate
  from: number
  to: number
}

/** Makes the drawing of a bar trace, upright or lying, grouped or stacked. */
export function barDrawing(trace: Trace, context: TraceContext): Drawing {
  const isLying = trace['orientation'] === 'h'
  const lengths = coordinatesIn(trace, isLying ? 'x' : 'y') ?? []
  const places = coordinatesIn(trace, isLying ? 'y' : 'x') ?? lengths.map((_, index) => index)
  const bars = places.slice(0, lengths.length).map((at, index): Bar => {
    const length = Number(lengths[index])
    if (context.stack === null) return { at, from: 0, to: length }
    const key = `${length < 0 ? '-' : '+'}${at}`
    const from = context.stack.get(key) ?? 0
    context.stack.set(key, from + (Number.isFinite(length) ? length : 0))
    return { at, from, to: from + length }
  })
  const ends = bars.flatMap(({ from, to }) => [from, to])
  const fill = fillOf(trace, context)
  const colours = listIn(objectIn(trace, 'marker')['color'])
  return {
    x: isLying ? ends : places,
    y: isLying ? places : ends,
    includesZeroX: isLying,
    includesZeroY: !isLying,
    paint: (frame) => paintBars(bars, frame, isLying, context, (index) => (colours === null ? fill : `fill="${colourAttribute(String(colours[index] ?? context.colour))}"`)),
    legend: legendOf(trace, context),
    colourBar: null,
  }
}

/** The values that a histogram counts: `x`, else `y`. */
export function histogramValues(trace: Trace): Coordinate[] {
  return coordinatesIn(trace, 'x') ?? coordinatesIn(trace, 'y') ?? []
}

/** Makes the drawing of a histogram of `x` or, lying, of `y`; several in one figure lie over one another, see-through. */
export function histogramDrawing(trace: Trace, context: TraceContext): Drawing {
  const isLying = trace['x'] === undefined && trace['y'] !== undefined
  const values = histogramValues(trace)
  if (values.some((value) => typeof value === 'string' && !Number.isFinite(Number(value)))) {
    const { categories, counts } = countCategories(values)
    return barDrawing({ ...trace, orientation: isLying ? 'h' : 'v', [isLying ? 'y' : 'x']: categories, [isLying ? 'x' : 'y']: counts }, context)
  }
  const wanted = numberIn(trace, isLying ? 'nbinsy' : 'nbinsx', 0)
  const { edges, counts } = binNumbers(values, wanted > 0 ? wanted : null, context.histogramValues)
  const total = counts.reduce((sum, count) => sum + count, 0) || 1
  const norm = stringIn(trace, 'histnorm', '')
  const heights = counts.map((count, index) => {
    const share = norm.startsWith('prob') ? count / total : norm === 'percent' ? (100 * count) / total : count
    return norm.endsWith('density') ? (norm === 'density' ? count : count / total) / ((edges[index + 1] as number) - (edges[index] as number)) : share
  })
  const fill = `${fillOf(trace, context)} stroke="#fff" stroke-width="0.5"`
  return {
    x: isLying ? heights : edges,
    y: isLying ? edges : heights,
    includesZeroX: isLying,
    includesZeroY: !isLying,
    paint: ({ x, y }) =>
      heights
        .map((height, index) => {
          const [low, high] = [edges[index] as number, edges[index + 1] as number]
          return isLying ? rectangle(x.pixel(0), y.pixel(low), x.pixel(height), y.pixel(high), fill) : rectangle(x.pixel(low), y.pixel(0), x.pixel(high), y.pixel(height), fill)
        })
        .join(''),
    legend: legendOf(trace, context),
    colourBar: null,
  }
}

function fillOf(trace: Trace, context: TraceContext): string {
  const marker = objectIn(trace, 'marker')
  const opacity = numberIn(marker, 'opacity', 1) * numberIn(trace, 'opacity', context.isOverlaid ? 0.6 : 1)
  return `fill="${colourAttribute(stringIn(marker, 'color', context.colour))}" fill-opacity="${opacity}"`
}

function legendOf(trace: Trace, context: TraceContext): Drawing['legend'] {
  const colour = stringIn(objectIn(trace, 'marker'), 'color', context.colour)
  return { name: plainText(stringIn(trace, 'name', `trace ${context.index}`)), colour, shape: 'box', isShown: trace['showlegend'] !== false }
}

function paintBars(bars: readonly Bar[], { x, y }: Frame, isLying: boolean, context: TraceContext, fillAt: (index: number) => string): string {
  const along = isLying ? y : x
  const across = isLying ? x : y
  const middles = bars.map(({ at }) => along.pixel(at))
  const width = ((along.categoryWidthPx ?? smallestGap(middles)) * BAR_SHARE) / context.barCount
  return bars
    .map(({ from, to }, index) => {
      const start = (middles[index] as number) + (context.barIndex - context.barCount / 2) * width
      const [low, high] = [across.pixel(from), across.pixel(to)]
      return isLying ? rectangle(low, start, high, start + width, fillAt(index)) : rectangle(start, low, start + width, high, fillAt(index))
    })
    .join('')
}

function smallestGap(pixels: readonly number[]): number {
  const sorted = [...pixels].filter(Number.isFinite).sort((a, b) => a - b)
  let gap = Infinity
  for (let index = 1; index < sorted.length; index++) {
    const next = (sorted[index] as number) - (sorted[index - 1] as number)
    if (next > 0.01 && next < gap) gap = next
  }
  return Number.isFinite(gap) ? gap : 40
}
