/**
 * Owns the colours of static figures: Plotly's own cycle and colour scales.
 */

/** plotly.js's default cycle, so that the still picture has the colours of the live one. */
export const COLOUR_CYCLE = ['#1f77b4', '#ff7f0e', '#2ca02c', '#d62728', '#9467bd', '#8c564b', '#e377c2', '#7f7f7f', '#bcbd22', '#17becf'] as const

type Rgb = readonly [number, number, number]
type Scale = readonly (readonly [number, Rgb])[]

const SCALES: Readonly<Record<string, readonly string[]>> = {
  viridis: ['440154', '48186a', '472d7b', '424086', '3b528b', '33638d', '2c728e', '26828e', '21918c', '1fa088', '28ae80', '3fbc73', '5ec962', '84d44b', 'addc30', 'd8e219', 'fde725'],
  plasma: ['0d0887', '46039f', '7201a8', '9c179e', 'bd3786', 'd8576b', 'ed7953', 'fb9f3a', 'fdca26', 'f0f921'],
  cividis: ['00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838'],
  greys: ['000000', 'ffffff'],
}

/** plotly.js's own scales whose stops are not evenly spaced: what it takes for positive, negative and mixed numbers. */
const UNEVEN: Readonly<Record<string, Scale>> = {
  reds: [[0, [220, 220, 220]], [0.2, [245, 195, 157]], [0.4, [245, 160, 105]], [1, [178, 10, 28]]],
  blues: [[0, [5, 10, 172]], [0.35, [40, 60, 190]], [0.5, [70, 100, 245]], [0.6, [90, 120, 245]], [0.7, [106, 137, 247]], [1, [220, 220, 220]]],
  rdbu: [[0, [5, 10, 172]], [0.35, [106, 137, 247]], [0.5, [190, 190, 190]], [0.6, [220, 170, 132]], [0.7, [230, 145, 90]], [1, [178, 10, 28]]],
}

/** The scale plotly.js takes when none is named. */
export function defaultScale(low: number, high: number): string {
  return low < 0 ? (high > 0 ? 'rdbu' : 'blues') : 'reds'
}

/** The colour of trace n. */
export function cycleColour(index: number, cycle: readonly string[] = COLOUR_CYCLE): string {
  return cycle[index % cycle.length] as string
}

/**
 * A function from 0…1 to a colour: Plotly's `colorscale` by name or as pairs; the scale `otherwise` when it cannot be read.
 */
export function colourScale(scale: unknown, otherwise: string, isReversed = false): (share: number) => string {
  const stops = stopsOf(scale, otherwise)
  return (share) => {
    const clamped = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0))
    const at = isReversed ? 1 - clamped : clamped
    const next = Math.max(1, stops.findIndex(([position]) => position >= at))
    const [lowAt, low] = stops[next - 1] as Scale[number]
    const [highAt, high] = (stops[next] ?? stops.at(-1)) as Scale[number]
    const part = highAt > lowAt ? (at - lowAt) / (highAt - lowAt) : 0
    const mixed = low.map((channel, index) => Math.round(channel + (((high[index] as number) - channel) * Math.min(1, Math.max(0, part)))))
    return `rgb(${mixed.join(',')})`
  }
}

function stopsOf(scale: unknown, otherwise: string): Scale {
  if (Array.isArray(scale)) {
    const pairs = scale.flatMap((pair): [number, Rgb][] => {
      const rgb = Array.isArray(pair) && typeof pair[0] === 'number' ? rgbOf(pair[1]) : null
      return rgb === null ? [] : [[pair[0] as number, rgb]]
    })
    if (pairs.length >= 2) return pairs
  }
  const name = typeof scale === 'string' && (scale.toLowerCase() in SCALES || scale.toLowerCase() in UNEVEN) ? scale.toLowerCase() : otherwise
  if (UNEVEN[name] !== undefined) return UNEVEN[name]
  const colours = SCALES[name] ?? (SCALES['viridis'] as readonly string[])
  return colours.map((hex, index) => [index / (colours.length - 1), rgbOf(`#${hex}`) as Rgb])
}

function rgbOf(colour: unknown): Rgb | null {
  if (typeof colour !== 'string') return null
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour)
  if (hex !== null) return [parseInt(hex[1] as string, 16), parseInt(hex[2] as string, 16), parseInt(hex[3] as string, 16)]
  const rgb = /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)/i.exec(colour)
  return rgb === null ? null : [Number(rgb[1]), Number(rgb[2]), Number(rgb[3])]
}
