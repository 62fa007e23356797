/**
 * Owns what a user expects a value to look like in the notebook.
 */
import { expect, test } from 'vitest'
import { toFullMimeBundle, toMimeBundle } from '../../../src/display/index.ts'

const text = (value: unknown) => toMimeBundle(value)?.data['text/plain']

test('undefined shows nothing, everything else at least text', () => {
  expect(toMimeBundle(undefined)).toBe(null)
  expect([null, -0, 5n, 'text', Symbol('s'), true].map(text)).toEqual(['null', '-0', '5n', "'text'", 'Symbol(s)', 'true'])
})

test('getters are not run, cycles and proxies show', () => {
  let touched = 0
  const value = { get trap() { touched++; return 1 }, self: null as unknown }
  value.self = value
  expect(text(value)).toContain('[Getter]')
  expect(text(value)).toContain('[Circular *1]')
  toMimeBundle(new Proxy({}, { get() { touched++; return 1 }, getOwnPropertyDescriptor() { touched++; return undefined } }))
  toMimeBundle([{ get deep() { touched++; return 1 } }])
  expect(touched).toBe(0)
})

test('a long typed array is cut with its length', () => {
  expect(text(new Float64Array(1000).fill(0.5))).toMatch(/^Float64Array\(1000\) \[\n  0.5(, 0.5){11},\n  …, 0.5, 0.5, 0.5\n\]$/)
  expect(text(new Int32Array([1, 2]))).toBe('Int32Array(2) [ 1, 2 ]')
})

test('a list of records is an escaped table with types, row count and what was cut', () => {
  const rows = Array.from({ length: 25_000 }, (_, index) => ({ id: index, name: '<b>' , note: index === 0 ? null : 'x' }))
  const html = toMimeBundle(rows)?.data['text/html'] as string
  expect(html).toContain('&lt;b&gt;')
  expect(html).not.toContain('<b>')
  expect(html).toContain('null | string')
  expect(html).toContain('25,000 rows × 3 columns · the first 20 rows shown · columns and types from the first 10,000 rows')
  expect(html.match(/<tr>/g)).toHaveLength(21)
})

test('a Plotly figure carries JSON for the renderer and a picture', async () => {
  const shown = await toFullMimeBundle({ data: [{ type: 'scatter', x: new Float64Array([1, 2]), y: [3, NaN] }], layout: { title: { text: 't' } } })
  expect(shown?.data['application/vnd.plotly.v1+json']).toMatchObject({ data: [{ x: [1, 2], y: [3, null] }] })
  expect(Buffer.from(shown?.data['image/png'] as string, 'base64').subarray(1, 4).toString()).toBe('PNG')
})

test('a Vega-Lite specification has its MIME type', () => {
  expect(toMimeBundle({ $schema: 'https://vega.github.io/schema/vega-lite/v5.json', mark: 'bar' })?.data).toHaveProperty(['application/vnd.vegalite.v5+json'])
})

test('pictures are known by their bytes, pixels become PNG', () => {
  expect(toMimeBundle(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))?.data).toHaveProperty(['image/png'])
  expect(toMimeBundle(new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))?.data).toHaveProperty(['image/jpeg'])
  expect(toMimeBundle({ width: 1, height: 1, data: new Uint8ClampedArray(4) })?.data).toHaveProperty(['image/png'])
  expect(Object.keys(toMimeBundle(Buffer.from('plain'))!.data)).toEqual(['text/plain'])
})

test('an object shows itself by Jupyter.display or toHtml, and a broken one says why', async () => {
  const symbol = Symbol.for('Jupyter.display')
  expect(toMimeBundle({ [symbol]: () => ({ 'text/html': '<i>x</i>' }) })?.data).toEqual({ 'text/html': '<i>x</i>' })
  expect((await toFullMimeBundle({ [symbol]: async () => ({ 'text/html': 'later' }) }))?.data).toEqual({ 'text/html': 'later' })
  class Frame { toHtml() { return '<table></table>' } }
  expect(toMimeBundle(new Frame())?.data['text/html']).toBe('<table></table>')
  expect(text({ [symbol]() { throw new Error('no data') } })).toContain('[its own display failed: no data]')
})
