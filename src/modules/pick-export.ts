/**
 * Owns taking an export from an imported module, the same in notebook and worker: exports of CommonJS that Node's scan did not find are there too.
 */

/** An export of a module. @throws SyntaxError naming module and export when there is none. */
export function pickExport(module: Record<string, unknown>, name: string, specifier: string): unknown {
  if (name in module) return module[name]
  // A CommonJS module whose exports Node's scan did not find: the export is on module.exports.
  const whole = 'module.exports' in module || '__esModule' in module ? module['module.exports'] ?? module.default : undefined
  if (whole !== null && (typeof whole === 'object' || typeof whole === 'function') && name in whole) return (whole as Record<string, unknown>)[name]
  const known = Object.keys(module).filter((key) => key !== 'module.exports')
  const near = known.find((key) => key.toLowerCase() === name.toLowerCase())
  throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${name}'${near === undefined ? '' : ` (there is '${near}')`}`)
}
