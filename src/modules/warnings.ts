/**
 * Owns which of Node's own warnings a user never sees: those about features that Labflow chose, not the user.
 */
const EXPECTED = /USE_MAIN_CONTEXT_DEFAULT_LOADER|Type Stripping|stripTypeScriptTypes|registerHooks|Importing JSON|Support for loading ES Module in require|CommonJS module .* is loading ES Module/
const EXPECTED_CODES = new Set(['MODULE_TYPELESS_PACKAGE_JSON'])
const installed = Symbol.for('labflow.warnings')

/** Drops the expected warnings of this process; every other warning passes. Safe to call twice. */
export function silenceExpectedWarnings(): void {
  const marked = process as unknown as { [installed]?: boolean }
  if (marked[installed] === true) return
  marked[installed] = true
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void
  const filtered = (warning: string | Error, ...rest: unknown[]): void => {
    const text = typeof warning === 'string' ? warning : warning.message
    const [first, second] = rest
    const details = typeof first === 'object' && first !== null ? (first as { type?: string; code?: string }) : { type: first, code: second }
    const type = typeof warning === 'string' ? details.type : warning.name
    if (type === 'ExperimentalWarning' && EXPECTED.test(text)) return
    if (EXPECTED_CODES.has(String(details.code))) return
    emitWarning(warning, ...rest)
  }
  process.emitWarning = filtered as typeof process.emitWarning
}
