/**
 * Owns the decorator form: functions of the notebook become tasks or flows under their own names (`%task load`, a definition cell under `%%task`).
 */
import type { RecordedDefinition } from '../code/contract.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunKind, RunOptions } from '../model/run.ts'
import { definitionOf, makeRunnable } from './callable.ts'
import type { Runnable } from './callable.ts'

/** What the session knows of a function that becomes a task. */
export interface MakeTaskRequest {
  /** The live function of that name, or a task made of it before. */
  value: unknown
  /** Its definition as recorded when its cell ran; its source is what travels. */
  definition: RecordedDefinition | null
  name: string
  /** Name of the task; default the function's. */
  taskName: string | null
  kind: RunKind
  options: Partial<RunOptions>
  /** File name of its cell, for stack traces. */
  filename: string | null
}

/** The task or flow of a notebook function. @throws LabflowError NO_SUCH_NAME when it is no function. */
export function makeTask(request: MakeTaskRequest): Runnable<unknown[], unknown> {
  const { value, name, kind, taskName } = request
  const made = definitionOf(value)
  if (made !== null) return makeRunnable({ ...made, kind, name: taskName ?? made.name, given: { ...made.given, ...request.options } })
  if (typeof value !== 'function') {
    throw new LabflowError('NO_SUCH_NAME', `${name} is ${value === undefined ? 'not defined' : `no function but ${typeof value}`}: %${kind} takes the name of a function.`, { detail: { name } })
  }
  const source = request.definition === null ? undefined : expressionOf(request.definition)
  return makeRunnable({
    kind,
    name: taskName ?? name,
    body: value as (...args: never[]) => unknown,
    ...(source === undefined ? {} : { source }),
    given: request.options,
    description: '',
    allowFailure: false,
    origin: { kind: 'notebook', filename: request.filename },
  })
}

/** The recorded statement as an expression: `function f() {}` is one already, `f = (x) => x;` loses its name. */
function expressionOf(definition: RecordedDefinition): string | undefined {
  const source = definition.source.trim().replace(/;$/, '')
  if (definition.kind === 'function') return source
  const assignment = /^[\w$]+\s*=\s*/.exec(source)
  return definition.kind === 'const-function' && definition.madeBy === undefined && assignment !== null ? source.slice(assignment[0].length) : undefined
}
