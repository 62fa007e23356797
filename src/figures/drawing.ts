/**
 * Owns what a trace becomes before it is drawn: the values its axes must show, and how it is painted once they are known.
 */
import type { Axis } from './axis.ts'
import type { Coordinate } from './figure.ts'

/** The axes and the frame a trace is painted in. */
export interface Frame {
  x: Axis
  y: Axis
}

/** A trace, ready to be painted. */
export interface Drawing {
  x: readonly Coordinate[]
  y: readonly Coordinate[]
  includesZeroX?: boolean
  includesZeroY?: boolean
  isTight?: boolean
  /** SVG of the trace. */
  paint(frame: Frame): string
  legend: { name: string; colour: string; shape: 'dot' | 'line' | 'box'; isShown: boolean } | null
  colourBar: { low: number; high: number; colourOf: (share: number) => string; title: string } | null
}

/** What a trace must know of its figure. */
export interface TraceContext {
  /** Position among all traces: its colour and its default name. */
  index: number
  colour: string
  /** Position among the bar traces of its panel, and how many they are (1 when stacked). */
  barIndex: number
  barCount: number
  /** Heights so far by category and sign when bars are stacked, else null. */
  stack: Map<string, number> | null
  /** Values of every histogram of the panel; with more than one histogram each is see-through. */
  histogramValues: readonly Coordinate[]
  isOverlaid: boolean
}
