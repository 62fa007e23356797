/**
 * Owns the recognition of figures (Plotly, Vega-Lite, Vega) and their MIME bundles. A Plotly figure also carries a PNG, so that a
 * saved notebook reads well without scripts; where no picture can be drawn the figure goes out without one.
 */
import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Shown } from './contract.ts'
import { toBase64 } from './image.ts'
import { jsonSafe } from './json-safe.ts'

type DrawPng = (figure: unknown, options?: { widthPx?: number; heightPx?: number }) => Promise<Uint8Array> | Uint8Array

let drawPng: DrawPng | null | undefined

/** Loaded at the first figure, synchronously, so that a display from a busy loop keeps its place. */
function loadDrawPng(): DrawPng | null {
  if (drawPng !== undefined) return drawPng
  try {
    const own = fileURLToPath(import.meta.url)
    const module = createRequire(import.meta.url)(`../figures/figure-png${extname(own)}`) as { renderFigurePng?: DrawPng }
    drawPng = module.renderFigurePng ?? null
  } catch {
    drawPng = null
  }
  return drawPng
}

function own(value: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown
}

/** A Plotly figure: own `data`, a list of objects, and own `layout`, an object. */
export function isPlotlyFigure(value: object): boolean {
  const data = own(value, 'data')
  const layout = own(value, 'layout')
  return Array.isArray(data) && data.every((trace) => trace !== null && typeof trace === 'object') && layout !== null && typeof layout === 'object' && !Array.isArray(layout)
}

/** The MIME type of a Vega or Vega-Lite specification by its `$schema`, else null. */
export function vegaMime(value: object): string | null {
  const schema = own(value, '$schema')
  const match = typeof schema === 'string' ? /\/schema\/(vega|vega-lite)\/v(\d+)/.exec(schema) : null
  if (match === null) return null
  return `application/vnd.${match[1] === 'vega' ? 'vega' : 'vegalite'}.v${match[2]}+json`
}

/** A Plotly figure as bundle; the picture comes with it when the drawing is synchronous, else later. */
export function showPlotly(figure: object): Shown {
  const plain = jsonSafe({ data: own(figure, 'data'), layout: own(figure, 'layout') ?? {}, config: own(figure, 'config') ?? {} }) as { data: unknown[]; layout: Record<string, unknown> }
  const traces = plain.data.length
  const shown: Shown = {
    data: { 'application/vnd.plotly.v1+json': plain, 'text/plain': `Plotly figure, ${traces} trace${traces === 1 ? '' : 's'}` },
    metadata: {},
  }
  const draw = loadDrawPng()
  if (draw === null) return shown
  const withPicture = (png: Uint8Array): Shown => ({ data: { ...shown.data, 'image/png': toBase64(png) }, metadata: {} })
  try {
    const picture = draw(figure)
    if (picture instanceof Uint8Array) return withPicture(picture)
    return { ...shown, later: picture.then(withPicture, () => null) }
  } catch {
    return shown // a figure the drawer does not know still shows in the notebook
  }
}

/** A Vega-Lite specification; version 5 when its `$schema` names none. */
export function showVega(spec: object): Shown {
  const mime = vegaMime(spec) ?? 'application/vnd.vegalite.v5+json'
  return { data: { [mime]: jsonSafe(spec), 'text/plain': mime.includes('lite') ? 'Vega-Lite chart' : 'Vega chart' }, metadata: {} }
}
