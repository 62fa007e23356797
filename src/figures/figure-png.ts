/**
 * Owns the still picture of a Plotly figure: PNG without a browser, for notebooks opened where scripts do not run.
 * The font comes with us, so the picture is the same on every machine, also on one without fonts.
 */
import { createRequire } from 'node:module'
import { LabflowError } from '../model/errors.ts'
import type { Figure } from './figure.ts'
import { figureSvg } from './figure-svg.ts'

export type { Figure, Trace } from './figure.ts'

const FONT_FAMILY = 'DejaVu Sans'
const MOST_PIXELS = 50_000_000

/**
 * Draws scatter, scattergl, bar, histogram and heatmap traces; another trace is named on the picture as not drawn.
 * @param size pixels of the picture; 800 × 500 when left out.
 * @throws LabflowError BAD_OPTION for a size that is not from 50 × 50 to 50 megapixels, BAD_DATA for what is no figure,
 *   MISSING_TOOL when the drawing package is not installed.
 */
export function renderFigurePng(figure: Figure, size: { widthPx?: number; heightPx?: number } = {}): Uint8Array {
  const { widthPx = 800, heightPx = 500 } = size
  if (!Number.isInteger(widthPx) || !Number.isInteger(heightPx) || widthPx < 50 || heightPx < 50 || widthPx * heightPx > MOST_PIXELS) {
    throw new LabflowError('BAD_OPTION', `a figure must be from 50 × 50 to 50 million pixels, not ${widthPx} × ${heightPx}`)
  }
  if (typeof figure !== 'object' || figure === null || !Array.isArray(figure.data)) {
    throw new LabflowError('BAD_DATA', 'a figure is an object with a list of traces: { data: [{ x, y, type: "scatter" }], layout: { … } }')
  }
  const { Resvg, fontPath } = loadTools()
  const svg = figureSvg(figure, widthPx, heightPx, FONT_FAMILY)
  const drawn = new Resvg(svg, { font: { loadSystemFonts: false, fontFiles: [fontPath], defaultFontFamily: FONT_FAMILY } })
  return drawn.render().asPng()
}

/** Loaded at the first figure, synchronously: a figure from a loop that never yields is drawn too. */
function loadTools(): { Resvg: typeof import('@resvg/resvg-js').Resvg; fontPath: string } {
  const require = createRequire(import.meta.url)
  try {
    const { Resvg } = require('@resvg/resvg-js') as typeof import('@resvg/resvg-js')
    return { Resvg, fontPath: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf') }
  } catch (cause) {
    throw new LabflowError('MISSING_TOOL', 'still pictures of figures need two packages: npm install @resvg/resvg-js dejavu-fonts-ttf', { cause })
  }
}
