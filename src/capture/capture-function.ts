/**
 * Owns capturing a function with its arguments: a task or flow made in a notebook cell travels as source with everything it uses.
 * Refuses functions without source of their own: built-in, bound, or closing over names that the notebook does not have.
 */
import { identifierName, nodeIn, nodesIn, parseModule } from '../code/parse.ts'
import { analyzeScopes } from '../code/scope.ts'
import { settle, toDefinition } from './capture-cell.ts'
import { ClosureBuilder } from './closure.ts'
import { cacheKeyOf, closureFingerprint } from './fingerprint.ts'
import { enclosingNames } from './enclosing-names.ts'
import { typedPlaceWithin } from './typed-place.ts'
import { functionSource } from './function-source.ts'
import { LabflowError } from '../model/errors.ts'
import type { AstNode } from '../code/parse.ts'
import type { CodecContext } from '../values/codec.ts'
import type { NamedArgument } from './inputs.ts'
import type { Capture, NameScope } from './contract.ts'

/** What {@link captureFunction} works on: a function, or the JavaScript of an expression that makes one. */
export interface FunctionCaptureRequest {
  target?: (...args: never[]) => unknown
  source?: string
  args: readonly unknown[]
  scope: NameScope
  /** File name of the function in stack traces; absolute, inside the notebook's folder. */
  filename: string
  codec?: CodecContext
}

/** As {@link captureFunctionNow}; what it throws rejects. */
export async function captureFunction(request: FunctionCaptureRequest): Promise<Capture> {
  return captureFunctionNow(request)
}

/** Captures a call before the caller goes on. @throws LabflowError CANNOT_CAPTURE, CANNOT_ENCODE, BAD_CODE. */
export function captureFunctionNow(request: FunctionCaptureRequest): Capture {
  const { scope, filename } = request
  const source = request.source ?? functionSource(request.target)
  const program = parseModule(`(${source});`)
  const { uses } = analyzeScopes(program)
  const unguarded = new Set(uses.filter((use) => use.access !== 'typeof').map((use) => use.name))
  const names = [...new Set(uses.map((use) => use.name))]
  refuseEnclosed(enclosingNames(source, names, scope))
  const closure = new ClosureBuilder(scope)
  closure.add(names.map((name) => ({ name, isGuarded: !unguarded.has(name) })), null)
  const own = identifierName(nodeIn(nodeIn(nodesIn(program, 'body')[0]!, 'expression') ?? program, 'id'))
  if (own !== null) closure.addFieldsOfEntry(own, source)
  const args = nameArguments(program, request.args)
  const { encoded, parts } = settle(closure, args, request.codec ?? {})
  const typed = typedPlaceWithin(source, scope)
  const entry = { kind: 'function' as const, source, filename, ...(typed ? { typed } : {}) }
  const { fingerprint, parts: fingerprintParts } = closureFingerprint({ entry, imports: parts.imports, definitions: parts.definitions, folder: scope.folder })
  return {
    code: { imports: parts.imports, definitions: parts.definitions.map(toDefinition), entry, folder: scope.folder, fingerprint, fingerprintParts },
    inputs: encoded.inputs,
    inputDigests: encoded.inputDigests,
    cacheKey: cacheKeyOf(fingerprint, encoded.inputDigests, encoded.structure),
    parameters: encoded.parameters,
  }
}

function refuseEnclosed(names: readonly string[]): void {
  const name = names[0]
  if (name === undefined) return
  const text = `\`${name}\` is a variable of the function that made this one, so it exists only there and cannot travel. Pass it as an argument, or declare it at the top level of a cell.`
  throw new LabflowError('CANNOT_CAPTURE', text, { detail: { name } })
}

/** The arguments by the names of the parameters: `options` for an object pattern, `argument 2` where there is no name. */
function nameArguments(program: AstNode, args: readonly unknown[]): NamedArgument[] {
  const statement = nodesIn(program, 'body')[0]
  const expression = statement ? nodeIn(statement, 'expression') : null
  const parameters = expression && /Function/.test(expression.type) ? nodesIn(expression, 'params') : []
  const taken = new Set<string>()
  return args.map((value, index) => {
    const parameter = bareParameter(parameters[Math.min(index, parameters.length - 1)] ?? null)
    const isFields = parameter?.type === 'ObjectPattern'
    const name = identifierName(parameter) ?? (isFields ? 'options' : `argument ${index + 1}`)
    const unique = taken.has(name) ? `${name}[${index}]` : name
    taken.add(unique)
    return { name: unique, value, isFields }
  })
}

function bareParameter(parameter: AstNode | null): AstNode | null {
  if (parameter?.type === 'AssignmentPattern') return nodeIn(parameter, 'left')
  if (parameter?.type === 'RestElement') return nodeIn(parameter, 'argument')
  return parameter
}
