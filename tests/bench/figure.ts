/** Owns what a measured row is: median, 95th percentile and how often it was measured. */

export interface Figure {
  median: number | null
  p95: number | null
  n: number
}

/** Median and 95th percentile of some figures. */
export function summary(figures: number[]): Figure {
  const sorted = [...figures].sort((a, b) => a - b)
  const at = (share: number) => round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
  return { median: at(0.5), p95: at(0.95), n: sorted.length }
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
