/**
 * Owns the bins of a histogram: round edges, as many as the data call for.
 */
import type { Coordinate } from './figure.ts'

/** Bars of a histogram: `edges` is one longer than `counts`; null edges mean categories. */
export interface Bins {
  edges: number[]
  counts: number[]
}

/**
 * Counts numbers into bins that are laid over `all` (the values of every histogram on the axis, so that their heights compare).
 * `wanted` is the most bins (Plotly's nbinsx), null = by the square root of the number of values, 10 to 60.
 */
export function binNumbers(values: readonly Coordinate[], wanted: number | null, all: readonly Coordinate[] = values): Bins {
  const numbers = all.map(Number).filter(Number.isFinite)
  if (numbers.length === 0) return { edges: [0, 1], counts: [0] }
  const low = numbers.reduce((a, b) => Math.min(a, b))
  const high = numbers.reduce((a, b) => Math.max(a, b))
  const most = wanted ?? Math.min(60, Math.max(10, Math.round(Math.sqrt(numbers.length))))
  const rough = (high - low) / most || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const width = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * (1 - 1e-9)) as number
  const first = Math.floor(low / width)
  const counts = new Array<number>(Math.floor(high / width) - first + 1).fill(0)
  for (const value of values.map(Number)) if (Number.isFinite(value)) counts[Math.floor(value / width) - first]! += 1
  return { edges: Array.from({ length: counts.length + 1 }, (_, index) => (first + index) * width), counts }
}

/** Counts categories in the order of their first appearance. */
export function countCategories(values: readonly Coordinate[]): { categories: string[]; counts: number[] } {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  return { categories: [...counts.keys()], counts: [...counts.values()] }
}
