/**
 * Owns one pair of axes of a static figure: its place, its grid and ticks, and the traces in it.
 */
import { createAxis } from './axis.ts'
import type { Axis } from './axis.ts'
import type { Drawing } from './drawing.ts'
import { objectIn } from './figure.ts'
import { fitText, label, px, rectangle } from './svg.ts'

/** A rectangle in pixels. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

const TICK_SIZE_PX = 11
const TITLE_SIZE_PX = 13

/** Paints a panel; `xName` and `yName` are Plotly's names of its axes in the layout, such as xaxis2. */
export function paintPanel(drawings: readonly Drawing[], layout: Readonly<Record<string, unknown>>, xName: string, yName: string, box: Box, clipId: string): string {
  const isTight = drawings.length > 0 && drawings.every((drawing) => drawing.isTight === true)
  const x = createAxis({
    layout: objectIn(layout, xName),
    values: drawings.flatMap((drawing) => drawing.x),
    includesZero: drawings.some((drawing) => drawing.includesZeroX === true),
    isTight,
    startPx: box.left,
    endPx: box.right,
  })
  const y = createAxis({
    layout: objectIn(layout, yName),
    values: drawings.flatMap((drawing) => drawing.y),
    includesZero: drawings.some((drawing) => drawing.includesZeroY === true),
    isTight,
    startPx: box.bottom,
    endPx: box.top,
  })
  const clip = `<clipPath id="${clipId}"><rect x="${px(box.left)}" y="${px(box.top)}" width="${px(box.right - box.left)}" height="${px(box.bottom - box.top)}"/></clipPath>`
  const traces = drawings.map((drawing) => drawing.paint({ x, y })).join('')
  return `${clip}${grid(x, y, box, isTight)}<g clip-path="url(#${clipId})">${traces}</g>${rectangle(box.left, box.top, box.right, box.bottom, 'fill="none" stroke="#8a94a6"')}${texts(x, y, box)}`
}

function grid(x: Axis, y: Axis, box: Box, isTight: boolean): string {
  if (isTight) return ''
  const inside = (pixel: number, low: number, high: number): boolean => pixel >= low - 0.5 && pixel <= high + 0.5
  const upright = x.ticks.filter(({ pixel }) => inside(pixel, box.left, box.right)).map(({ pixel }) => `M${px(pixel)} ${px(box.top)}V${px(box.bottom)}`)
  const level = y.ticks.filter(({ pixel }) => inside(pixel, box.top, box.bottom)).map(({ pixel }) => `M${px(box.left)} ${px(pixel)}H${px(box.right)}`)
  return `<path d="${[...upright, ...level].join('')}" stroke="#e6eaf1" fill="none"/>`
}

function texts(x: Axis, y: Axis, box: Box): string {
  const widest = x.categoryWidthPx === null ? (box.right - box.left) / 2 : x.categoryWidthPx * Math.ceil(x.ticks.length > 1 ? ((x.ticks[1]?.pixel ?? 0) - (x.ticks[0]?.pixel ?? 0)) / x.categoryWidthPx : 1)
  const below = x.ticks.map(({ pixel, label: text }) => label(fitText(text, TICK_SIZE_PX, widest), pixel, box.bottom + 16, TICK_SIZE_PX, 'middle'))
  const beside = y.ticks.map(({ pixel, label: text }) => label(fitText(text, TICK_SIZE_PX, 70), box.left - 6, pixel + 4, TICK_SIZE_PX, 'end'))
  const middleX = (box.left + box.right) / 2
  const middleY = (box.top + box.bottom) / 2
  const titleX = x.title === '' ? '' : label(fitText(x.title, TITLE_SIZE_PX, box.right - box.left), middleX, box.bottom + 36, TITLE_SIZE_PX, 'middle')
  const at = box.left - 50
  const titleY = y.title === '' ? '' : label(fitText(y.title, TITLE_SIZE_PX, box.bottom - box.top), at, middleY, TITLE_SIZE_PX, 'middle', `transform="rotate(-90 ${px(at)} ${px(middleY)})"`)
  return below.join('') + beside.join('') + titleX + titleY
}
