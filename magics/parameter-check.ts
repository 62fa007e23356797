/**
 * Owns the check of `name=value` parameters before a run starts: a wrong name or type is refused, naming parameter, type and value.
 */
import type { CellParameter } from '../src/code/contract.ts'
import { nearMatch } from '../src/config/near-match.ts'
import { LabflowError } from '../src/model/errors.ts'
import type { MagicContext } from '../kernel/cell/magic.ts'
import type { KnownCell } from '../kernel/cell/notebook-names.ts'
import type { Diagnostic } from '../kernel/contract.ts'
import { typeErrors } from './type-check.ts'

/** Checks parameters against a cell's literal-initialised names. @throws LabflowError BAD_PARAMETER. */
export function checkCellParameters(cell: KnownCell, values: Record<string, unknown>): void {
  const known = cell.analysis.parameters
  for (const [name, value] of Object.entries(values)) {
    const parameter = known.find((candidate) => candidate.name === name)
    if (!parameter) throw unknownParameter(cell.name, name, known)
    if (!isOfType(value, parameter)) throw badValue(cell.name, name, parameter.type, value)
  }
}

function unknownParameter(target: string, name: string, known: readonly CellParameter[]): LabflowError {
  const near = nearMatch(name, known.map((parameter) => parameter.name))
  const list = known.map((parameter) => `${parameter.name}: ${parameter.type}`).join(', ')
  const hint = near ? `did you mean ${near}? ` : ''
  return new LabflowError('BAD_PARAMETER', `${target} has no parameter ${name}: ${hint}${known.length > 0 ? `It takes ${list}` : 'It takes none'}; nothing was started`)
}

/** Compared by shape with the cell's own literal: its widened type. */
function isOfType(value: unknown, parameter: CellParameter): boolean {
  return hasShapeOf(value, parameter.value)
}

function hasShapeOf(value: unknown, sample: unknown): boolean {
  if (sample === null || value === null) return sample === null || value === sample
  if (Array.isArray(sample)) {
    if (!Array.isArray(value)) return false
    return sample.length === 0 || value.every((item) => sample.some((kind) => hasShapeOf(item, kind)))
  }
  if (typeof sample !== typeof value) return false
  if (typeof sample !== 'object') return true
  if (Array.isArray(value)) return false
  const wanted = Object.keys(sample as object)
  const given = Object.keys(value as object)
  return wanted.every((key) => given.includes(key) && hasShapeOf((value as Record<string, unknown>)[key], (sample as Record<string, unknown>)[key]))
    && given.every((key) => wanted.includes(key))
}

function badValue(target: string, name: string, type: string, value: unknown): LabflowError {
  return new LabflowError('BAD_PARAMETER', `parameter ${name} of ${target} is ${type}, but got ${JSON.stringify(value)} (${kindOf(value)}); nothing was started`)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Checks parameters against the declared type of a task or flow, by asking the type checker about such a call. */
export async function checkCallParameters(target: string, values: Record<string, unknown>, context: MagicContext): Promise<void> {
  const entries = Object.entries(values)
  if (entries.length === 0) return
  // One parameter a line, so that an error's line names it.
  const call = [`${target}({`, ...entries.map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`), '})'].join('\n')
  const errors = await typeErrors(call, context)
  for (const error of errors) {
    const entry = entries[error.line - 2]
    if (entry) throw callError(target, entry[0], entry[1], error)
  }
}

function callError(target: string, name: string, value: unknown, error: Diagnostic): LabflowError {
  const type = /is not assignable to type '(.+?)'(?:\.|$)/s.exec(error.message)?.[1]
  if (error.code === 2322 && type !== undefined) return badValue(target, name, type, value)
  if (error.code === 2353 || error.code === 2561) {
    const near = /Did you mean to write '(.+?)'/.exec(error.message)?.[1]
    return new LabflowError('BAD_PARAMETER', `${target} has no parameter ${name}${near ? `: did you mean ${near}?` : `: ${error.message}`}; nothing was started`)
  }
  return new LabflowError('BAD_PARAMETER', `parameter ${name} of ${target} got ${JSON.stringify(value)}: ${error.message}; nothing was started`)
}
