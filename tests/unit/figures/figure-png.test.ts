import { expect, test } from 'vitest'
import { renderFigurePng } from '../../../src/figures/figure-png.ts'
import { figureSvg } from '../../../src/figures/figure-svg.ts'
import type { Figure } from '../../../src/figures/figure-png.ts'

const svgOf = (figure: Figure): string => figureSvg(figure, 800, 500, 'DejaVu Sans')
const sizeOf = (png: Uint8Array): [number, number] => {
  const view = new DataView(png.buffer, png.byteOffset)
  return [view.getUint32(16), view.getUint32(20)]
}
const count = (text: string, part: string): number => text.split(part).length - 1

test('a scatter of 19,000 points becomes a PNG of the size asked for', () => {
  const x = Float64Array.from({ length: 19_000 }, (_, index) => Math.cos(index))
  const figure: Figure = { data: [{ type: 'scattergl', mode: 'markers', x, y: x.map((value, index) => value * index), marker: { size: 3 } }] }
  const png = renderFigurePng(figure, { widthPx: 640, heightPx: 360 })
  expect(Buffer.from(png.subarray(1, 4)).toString()).toBe('PNG')
  expect(sizeOf(png)).toEqual([640, 360])
  expect(count(svgOf(figure), '<circle')).toBe(19_000)
})

test('text is drawn by a font of ours: a title changes the picture on any machine', () => {
  const figure = (title: string): Figure => ({ data: [{ x: [1, 2], y: [1, 2] }], layout: { title } })
  expect(Buffer.from(renderFigurePng(figure('α')))).not.toEqual(Buffer.from(renderFigurePng(figure('β'))))
})

test('a trace that cannot be drawn still is named on the picture, and the others are drawn', () => {
  const svg = svgOf({ data: [{ type: 'scatter3d', x: [1], y: [1], z: [1] }, { x: [1, 2, 3], y: [1, 2, 3], mode: 'markers' }] })
  expect(svg).toContain('Trace 1 (scatter3d) cannot be drawn statically')
  expect(count(svg, '<circle')).toBe(3)
})

test('a second axis over the first is named, not drawn wrongly', () => {
  const svg = svgOf({ data: [{ y: [1, 2] }, { y: [100, 200], yaxis: 'y2' }], layout: { yaxis2: { overlaying: 'y', side: 'right' } } })
  expect(svg).toContain('Trace 2 (scatter on a second axis) cannot be drawn statically')
})

test('titles, axis titles and legend names stand on the picture, as text, never as markup', () => {
  const svg = svgOf({ data: [{ y: [1], name: '<b>eps</b> < 0.3' }, { y: [2], name: 'two\u0000' }], layout: { title: { text: 'A & B' }, xaxis: { title: 'UMAP 1' }, yaxis: { title: { text: '"q"' } } } })
  for (const text of ['A &amp; B', 'UMAP 1', '&quot;q&quot;', 'eps &lt; 0.3', '>two<']) expect(svg).toContain(text)
  expect(svgOf({ data: [{ y: [1, 2], line: { color: 'red"/><script>' } }] })).not.toContain('script')
})

test('one trace has no legend unless it is asked for', () => {
  const data = [{ y: [1, 2], name: 'alone' }]
  expect(svgOf({ data })).not.toContain('alone')
  expect(svgOf({ data, layout: { showlegend: true } })).toContain('alone')
})

test('points coloured by label get one colour a label', () => {
  const svg = svgOf({ data: [{ mode: 'markers', x: [0, 1, 2, 3], y: [0, 1, 2, 3], marker: { color: Int32Array.of(0, 0, 1, 1), colorscale: 'Viridis' } }] })
  expect(count(svg, 'fill="rgb(68,1,84)"')).toBe(2)
  expect(count(svg, 'fill="rgb(253,231,37)"')).toBe(2)
})

test('arrays that Plotly packs as base64 are drawn as numbers', () => {
  const packed = (values: Float64Array): object => ({ dtype: 'f8', bdata: Buffer.from(values.buffer).toString('base64') })
  const values = Float64Array.of(1, 2, 4)
  const plain = svgOf({ data: [{ mode: 'markers', x: values, y: values }] })
  expect(svgOf({ data: [{ mode: 'markers', x: packed(values), y: packed(values) }] })).toBe(plain)
})

test('missing and non-positive values leave a gap instead of a wrong point', () => {
  const path = /<path d="(M[^"]*)" fill="none" stroke="#1f77b4"/.exec(svgOf({ data: [{ mode: 'lines', y: [1, null, 10, 0, 100] }], layout: { yaxis: { type: 'log' } } }))?.[1]
  expect(count(path ?? '', 'M')).toBe(3)
  expect(path).not.toContain('NaN')
})

test('grouped bars stand side by side, stacked bars on top of each other', () => {
  const data = [{ type: 'bar', x: ['a', 'b'], y: [1, 2] }, { type: 'bar', x: ['a', 'b'], y: [3, 4] }]
  const bars = (barmode: string): number[][] => [...svgOf({ data, layout: { barmode, showlegend: false } }).matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="#(?:1f77b4|ff7f0e)"/g)].map((match) => match.slice(1, 5).map(Number))
  const [a1, , a2] = bars('group') as [number[], number[], number[]]
  expect(a2[0]).toBeCloseTo(a1[0]! + a1[2]!, 1)
  const [lower, , upper] = bars('stack') as [number[], number[], number[]]
  expect(upper[0]).toBe(lower[0])
  expect(upper[1]! + upper[3]!).toBeCloseTo(lower[1]!, 1)
})

test('a histogram counts every value once, and two share their bins', () => {
  const svg = svgOf({ data: [{ type: 'histogram', x: [0.1, 0.2, 1.5], nbinsx: 2 }, { type: 'histogram', x: [1.2, 1.9], nbinsx: 2 }], layout: { showlegend: false } })
  const heights = [...svg.matchAll(/height="([\d.]+)" fill="#(?:1f77b4|ff7f0e)"/g)].map((match) => Number(match[1]))
  expect(heights).toHaveLength(4)
  expect(heights[0]).toBeCloseTo(2 * heights[1]!, 0)
  expect(heights[2]).toBe(0)
  expect(heights[3]).toBeCloseTo(heights[0]!, 0)
})

test('a heatmap paints one cell a number and leaves holes where there is none', () => {
  const svg = svgOf({ data: [{ type: 'heatmap', z: [[1, 2, null], [4, 5, 6]], showscale: false }] })
  expect(count(svg, 'fill="rgb(')).toBe(5)
})

test('panels of a grid stand beside each other', () => {
  const svg = svgOf({ data: [{ y: [1, 2] }, { y: [1, 2], xaxis: 'x2', yaxis: 'y2' }], layout: { grid: { rows: 1, columns: 2, pattern: 'independent' }, showlegend: false } })
  const lefts = [...svg.matchAll(/<clipPath id="panel-\d"><rect x="([\d.]+)"/g)].map((match) => Number(match[1]))
  expect(lefts).toHaveLength(2)
  expect(lefts[1]).toBeGreaterThan(lefts[0]! + 200)
})

test('an empty figure, one point and a constant line are pictures too', () => {
  for (const data of [[], [{ x: [], y: [] }], [{ x: [1], y: [1] }], [{ y: [5, 5, 5] }], [{ type: 'heatmap', z: [] }], [{ type: 'histogram', x: [] }]]) {
    expect(sizeOf(renderFigurePng({ data }))).toEqual([800, 500])
    expect(svgOf({ data })).not.toMatch(/NaN|Infinity/)
  }
})

test('what is no figure, or no size, is said in words', () => {
  expect(() => renderFigurePng({} as Figure)).toThrow(expect.objectContaining({ code: 'BAD_DATA' }))
  expect(() => renderFigurePng({ data: [] }, { widthPx: 1e6, heightPx: 1e6 })).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
})
