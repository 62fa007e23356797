/**
 * Owns the axes of static figures: from data or layout to a range, pixels and readable ticks.
 * Linear, logarithmic, date and category axes; anything else counts as linear.
 */
import type { Coordinate } from './figure.ts'
import { listIn, titleIn } from './figure.ts'

/** A tick at a pixel of its axis. */
export interface Tick {
  pixel: number
  label: string
}

/** One axis: where a value stands, and its ticks. */
export interface Axis {
  title: string
  /** NaN for a value that has no place (missing, or not positive on a log axis). */
  pixel(value: Coordinate): number
  ticks: Tick[]
  /** Pixels that one category takes, or null on a numeric axis. */
  categoryWidthPx: number | null
}

/** What an axis is made for. */
export interface AxisNeeds {
  layout: Readonly<Record<string, unknown>>
  values: readonly Coordinate[]
  /** The range always includes 0 (bars, histograms). */
  includesZero: boolean
  /** No room at the ends (heatmaps). */
  isTight: boolean
  startPx: number
  endPx: number
}

/** Makes the axis of these values. */
export function createAxis(needs: AxisNeeds): Axis {
  const { layout, values } = needs
  const type = layout['type']
  const texts = values.filter((value) => typeof value === 'string')
  const isDate = type === 'date' || (type === undefined && texts.length > 0 && texts.every(isDateText))
  if (isDate) return numericAxis(needs, 'date')
  if (type === 'category' || (type === undefined && texts.some((text) => text !== '' && !Number.isFinite(Number(text))))) return categoryAxis(needs)
  return numericAxis(needs, type === 'log' ? 'log' : 'linear')
}

function isDateText(text: string): boolean {
  return /^\d{4}-\d{2}(-\d{2})?([ T]\d{2}:\d{2}|$)/.test(text) && !Number.isNaN(Date.parse(text))
}

function categoryAxis({ layout, values, startPx, endPx }: AxisNeeds): Axis {
  const categories = [...new Set(values.map(String))]
  const width = (endPx - startPx) / Math.max(1, categories.length)
  const placeOf = new Map(categories.map((category, index) => [category, startPx + (index + 0.5) * width]))
  const every = Math.max(1, Math.ceil(categories.length / 20))
  return {
    title: titleIn(layout),
    pixel: (value) => placeOf.get(String(value)) ?? Number.NaN,
    ticks: categories.filter((_, index) => index % every === 0).map((category) => ({ pixel: placeOf.get(category) as number, label: category })),
    categoryWidthPx: Math.abs(width),
  }
}

function numericAxis(needs: AxisNeeds, kind: 'linear' | 'log' | 'date'): Axis {
  const { layout, startPx, endPx } = needs
  const place = (value: Coordinate): number => {
    const number = typeof value === 'number' ? value : kind === 'date' ? Date.parse(value) : value === '' ? Number.NaN : Number(value)
    return kind === 'log' ? (number > 0 ? Math.log10(number) : Number.NaN) : number
  }
  const [low, high] = rangeOf(needs, place, kind)
  const pixelOf = (placed: number): number => startPx + ((placed - low) / (high - low)) * (endPx - startPx)
  const room = Math.abs(endPx - startPx)
  const ticks = kind === 'log' ? logTicks(low, high) : kind === 'date' ? dateTicks(low, high, room) : linearTicks(low, high, Math.max(2, Math.floor(room / 80)))
  return {
    title: titleIn(layout),
    pixel: (value) => pixelOf(place(value)),
    ticks: ticks.map(({ at, label }) => ({ pixel: pixelOf(at), label })),
    categoryWidthPx: null,
  }
}

function rangeOf(needs: AxisNeeds, place: (value: Coordinate) => number, kind: string): [number, number] {
  const given = listIn(needs.layout['range'])
  if (given !== null && given.length === 2) {
    // A log axis gives its range as exponents already.
    const [low, high] = [given[0], given[1]].map((end) => (kind === 'log' ? Number(end) : place(end as Coordinate))) as [number, number]
    if (Number.isFinite(low) && Number.isFinite(high) && low !== high) return [low, high]
  }
  let low = Infinity
  let high = -Infinity
  for (const value of needs.values) {
    const placed = place(value)
    if (placed < low) low = placed
    if (placed > high) high = placed
  }
  if (low > high) [low, high] = [0, 1]
  if (needs.includesZero && kind === 'linear') [low, high] = [Math.min(0, low), Math.max(0, high)]
  if (low === high) [low, high] = [low - 1, high + 1]
  const margin = needs.isTight ? 0 : (high - low) * 0.05
  const reversed = needs.layout['autorange'] === 'reversed'
  const range: [number, number] = [needs.includesZero && low === 0 ? 0 : low - margin, needs.includesZero && high === 0 ? 0 : high + margin]
  return reversed ? [range[1], range[0]] : range
}

/** Positions 1, 2 or 5 times a power of ten apart. */
function linearTicks(first: number, last: number, wanted: number): { at: number; label: string }[] {
  const [low, high] = first < last ? [first, last] : [last, first]
  const rough = (high - low) / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const gap = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) as number
  const decimals = Math.max(0, -Math.floor(Math.log10(gap) + 1e-9))
  const ticks: { at: number; label: string }[] = []
  for (let index = Math.ceil(low / gap - 1e-9); index * gap <= high + gap * 1e-9; index++) ticks.push({ at: index * gap, label: numberLabel(index * gap, decimals) })
  return ticks
}

function numberLabel(value: number, decimals: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e6 || decimals > 6)) return value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e').replace('-', '−')
  return value.toFixed(Math.min(6, decimals)).replace('-', '−').replace(/^−(0(\.0+)?)$/, '$1')
}

function logTicks(first: number, last: number): { at: number; label: string }[] {
  const [low, high] = first < last ? [first, last] : [last, first]
  const decades = Math.floor(high) - Math.ceil(low) + 1
  const every = Math.max(1, Math.ceil(decades / 8))
  const factors = decades <= 2 ? [1, 2, 5] : [1]
  const ticks: { at: number; label: string }[] = []
  for (let power = Math.floor(low); power <= high; power += every) {
    for (const factor of factors) {
      const at = power + Math.log10(factor)
      if (at >= low && at <= high) ticks.push({ at, label: power >= -3 && power < 5 ? String(Number((factor * 10 ** power).toPrecision(1))) : `${factor}e${power}` })
    }
  }
  return ticks
}

const SECOND_MS = 1000
const DAY_MS = 86_400 * SECOND_MS
const DATE_GAPS_MS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200].map((seconds) => seconds * SECOND_MS).concat([1, 2, 7, 14, 30, 91, 182, 365, 730, 1826, 3652].map((days) => days * DAY_MS))

function dateTicks(first: number, last: number, roomPx: number): { at: number; label: string }[] {
  const [low, high] = first < last ? [first, last] : [last, first]
  const rough = (high - low) / Math.max(2, Math.floor(roomPx / 110))
  const gap = DATE_GAPS_MS.find((candidate) => candidate >= rough) ?? rough
  const ticks: { at: number; label: string }[] = []
  for (let at = Math.ceil(low / gap) * gap; at <= high; at += gap) {
    const text = new Date(at).toISOString()
    ticks.push({ at, label: gap >= DAY_MS ? text.slice(0, 10) : text.slice(11, gap >= 60_000 ? 16 : 19) })
  }
  return ticks
}
