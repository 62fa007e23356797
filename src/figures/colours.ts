/**
 * Owns the colours of static figures: Plotly's own cycle and colour scales.
 */

/** Plotly's default cycle. */
export const COLOUR_CYCLE = ['#636efa', '#ef553b', '#00cc96', '#ab63fa', '#ffa15a', '#19d3f3', '#ff6692', '#b6e880', '#ff97ff', '#fecb52'] as const

type Rgb = readonly [number, number, number]
type Scale = readonly (readonly [number, Rgb])[]

const SCALES: Readonly<Record<string, readonly string[]>> = {
  viridis: ['440154', '48186a', '472d7b', '424086', '3b528b', '33638d', '2c728e', '26828e', '21918c', '1fa088', '28ae80', '3fbc73', '5ec962', '84d44b', 'addc30', 'd8e219', 'fde725'],
  plasma: ['0d0887', '46039f', '7201a8', '9c179e', 'bd3786', 'd8576b', 'ed7953', 'fb9f3a', 'fdca26', 'f0f921'],
  cividis: ['00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838'],
  greys: ['000000', 'ffffff'],
  rdbu: ['050aac', '6a89f7', 'bebebe', 'dcaa84', 'e6915a', 'b20a1c'],
  blues: ['0508b8', '1910d8', '3c19f0', '6b1cfb', '981cfd', 'bf1cfd', 'dd2bfd', 'f246fe', 'fc67fd', 'fe88fc', 'fea5fd', 'febefe', 'fec3fe'],
}

/** The colour of trace n. */
export function cycleColour(index: number, cycle: readonly string[] = COLOUR_CYCLE): string {
  return cycle[index % cycle.length] as string
}

/**
 * A function from 0…1 to a colour: Plotly's `colorscale` by name or as pairs; Plotly's own default (plasma) when it cannot be read.
 */
export function colourScale(scale: unknown, isReversed = false): (share: number) => string {
  const stops = stopsOf(scale)
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

function stopsOf(scale: unknown): Scale {
  if (Array.isArray(scale)) {
    const pairs = scale.flatMap((pair): [number, Rgb][] => {
      const rgb = Array.isArray(pair) && typeof pair[0] === 'number' ? rgbOf(pair[1]) : null
      return rgb === null ? [] : [[pair[0] as number, rgb]]
    })
    if (pairs.length >= 2) return pairs
  }
  const name = typeof scale === 'string' ? scale.toLowerCase() : ''
  const colours = SCALES[name] ?? (SCALES['plasma'] as readonly string[])
  return colours.map((hex, index) => [index / (colours.length - 1), rgbOf(`#${hex}`) as Rgb])
}

function rgbOf(colour: unknown): Rgb | null {
  if (typeof colour !== 'string') return null
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour)
  if (hex !== null) return [parseInt(hex[1] as string, 16), parseInt(hex[2] as string, 16), parseInt(hex[3] as string, 16)]
  const rgb = /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)/i.exec(colour)
  return rgb === null ? null : [Number(rgb[1]), Number(rgb[2]), Number(rgb[3])]
}
