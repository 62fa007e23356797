/**
 * Owns the process-wide display: the session or worker sets it once; in a plain program it prints the text form.
 */
import { createDisplay, type Display, type DisplayApi } from './display.ts'
import type { DisplaySink } from './contract.ts'

const consoleSink: DisplaySink = {
  display(data) {
    const text = data['text/plain'] ?? data['text/markdown'] ?? data['text/html']
    process.stdout.write(`${typeof text === 'string' ? text : `[${Object.keys(data).join(', ')}]`}\n`)
  },
  clear() {},
}

/** Kept on globalThis under a registered symbol: a module reloaded with a content version in its URL must meet the same one. */
const slot = Symbol.for('labflow.display')
const holder = globalThis as unknown as Record<symbol, DisplayApi | undefined>

/** Makes `api` the display of this process. */
export function setCurrentDisplay(api: DisplayApi): void {
  Object.defineProperty(globalThis, slot, { value: api, writable: true, configurable: true, enumerable: false })
}

/** The display of this process. */
export function currentDisplay(): DisplayApi {
  const known = holder[slot]
  if (known !== undefined) return known
  const made = createDisplay(consoleSink)
  setCurrentDisplay(made)
  return made
}

/** `display` of the current process, for `import { display } from 'labflow'`: bound at each call, so import order does not matter. */
export const display: Display = Object.assign(
  ((value, options) => currentDisplay().display(value, options)) as Display,
  Object.fromEntries(
    (['html', 'markdown', 'latex', 'svg', 'png', 'jpeg', 'json', 'vegaLite', 'plotly', 'raw'] as const).map((kind) => [
      kind,
      (value: never, options?: never) => currentDisplay().display[kind](value, options),
    ]),
  ),
)

/** Clears the output of the cell or run that calls it; with `wait`, when the next output comes. */
export function clearOutput(options?: { wait?: boolean }): void {
  currentDisplay().clearOutput(options)
}
