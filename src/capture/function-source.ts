/**
 * Owns the source of a live function as one JavaScript expression, methods included.
 */
import { LabflowError } from '../model/errors.ts'
import { parseErrors } from '../code/parse.ts'

/**
 * An expression that makes the function anew.
 * @throws LabflowError CANNOT_CAPTURE for built-in and bound functions, which have no source.
 */
export function functionSource(target: unknown): string {
  if (typeof target !== 'function') throw new LabflowError('CANNOT_CAPTURE', `A task needs a function, not ${target === null ? 'null' : typeof target}.`)
  const source = Function.prototype.toString.call(target)
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    const name = target.name || 'This function'
    throw new LabflowError('CANNOT_CAPTURE', `${name} is built in or made by bind(), so it has no source that could travel. Wrap it: (x) => ${target.name.replace(/^bound /, '') || 'f'}(x).`, { detail: { name } })
  }
  if (parses(source)) return source
  // A method's own text stands inside an object or class only.
  const name = /^(?:async\s*)?\*?\s*(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*\(/u.exec(source)?.[1]
  const method = `({ ${source} })${name ? `[${JSON.stringify(name)}]` : ''}`
  if (name && parses(method)) return method
  throw new LabflowError('CANNOT_CAPTURE', `The source of ${target.name || 'this function'} cannot stand alone. Declare it as a function of its own: function ${target.name || 'f'}(…) {…}.`)
}

function parses(expression: string): boolean {
  return parseErrors(`(${expression});`, 'function.js').length === 0
}
