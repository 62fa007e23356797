/**
 * Owns how a place inside a value is written: `data.points[3].model`, `data.get("k")`, `data["a b"]`.
 */

/** A key, an index, or a word for a part without one (`get("k")`, `<member>`). */
export type PathPart = string | number

/** The path as a JavaScript expression; a long one is cut in its middle. */
export function pathText(root: string, path: readonly PathPart[]): string {
  const shown = path.length > 20 ? [...path.slice(0, 10), '…', ...path.slice(-10)] : path
  return shown.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$|^get\(|^<|^…/u.test(part)) return text === '' ? part : `${text}.${part}`
    return `${text}[${JSON.stringify(part)}]`
  }, root)
}
