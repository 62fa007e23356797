/**
 * Owns the small pieces of SVG text that static figures are made of; everything from data is escaped here.
 */

/** Text as XML character data. Characters that XML 1.0 forbids are dropped: one of them would spoil the whole picture. */
export function escapeText(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** A number with at most two decimals. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100)
}

/** A rectangle between two corners in any order; empty when a corner has no place. */
export function rectangle(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  if (![x1, y1, x2, y2].every(Number.isFinite)) return ''
  return `<rect x="${px(Math.min(x1, x2))}" y="${px(Math.min(y1, y2))}" width="${px(Math.abs(x2 - x1))}" height="${px(Math.abs(y2 - y1))}" ${attributes}/>`
}

/** A line of text. `anchor` is start, middle or end. */
export function label(text: string, x: number, y: number, sizePx: number, anchor: 'start' | 'middle' | 'end', attributes = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" font-size="${sizePx}" text-anchor="${anchor}" ${attributes}>${escapeText(text)}</text>`
}

/** About how wide a text is in the figures' font. */
export function textWidthPx(text: string, sizePx: number): number {
  return text.length * sizePx * 0.6
}

/** The text, cut with an ellipsis where it would be wider than `widthPx`. */
export function fitText(text: string, sizePx: number, widthPx: number): string {
  const most = Math.max(1, Math.floor(widthPx / (sizePx * 0.6)))
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

/** A colour as an attribute value: letters, digits and the few signs that colours have; anything else is black. */
export function colourAttribute(colour: string): string {
  return /^[\w#(),.%\s-]{1,60}$/.test(colour) ? colour : '#000'
}
