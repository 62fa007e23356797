/**
 * Owns tasks and flows among the notebook's names: making them of functions, and capturing a call of one by its parameters' names.
 */
import { captureRun, submissionOf } from '../../src/api/submit.ts'
import { definitionOf } from '../../src/api/callable.ts'
import { makeTask } from '../../src/api/make-tasks.ts'
import { apiEnvironment } from '../../src/api/port.ts'
import { identifierName, nodeIn, nodesIn, parseModule, type AstNode } from '../../src/code/parse.ts'
import { LabflowError } from '../../src/model/errors.ts'
import { DEFAULT_RUN_OPTIONS } from '../../src/config/option-table.ts'
import type { RunOptions } from '../../src/model/run.ts'
import { toBuffers } from '../../src/values/codec.ts'
import type { NotebookNames } from './definitions.ts'
import type { CapturedSubmission, SessionCommand } from './protocol.ts'

type MakeTasksCommand = Extract<SessionCommand, { type: 'make-tasks' }>
type CaptureCallCommand = Extract<SessionCommand, { type: 'capture-call' }>

/** Replaces each function by its task or flow, all or none. Answer: the names of the tasks. @throws LabflowError NO_SUCH_NAME. */
export function makeTasksCommand(command: MakeTasksCommand, names: NotebookNames): { value: string[] } {
  const made = command.names.map((name) => {
    const binding = names.lookup(name)
    if (binding.kind === 'unknown') throw new LabflowError('NO_SUCH_NAME', `${name} is not defined: %${command.kind} takes the name of a function.`, { detail: { name } })
    const definition = names.definitionOf(name)
    return { name, runnable: makeTask({ value: names.valueOf(name), definition, name, taskName: command.taskName, kind: command.kind, options: command.options, filename: null }) }
  })
  for (const { name, runnable } of made) {
    Object.defineProperty(globalThis, name, { value: runnable, writable: true, configurable: true, enumerable: true })
    names.keepDefinition(name)
  }
  return { value: made.map(({ runnable }) => runnable.name) }
}

/** Captures `%submit name a=1`. @throws LabflowError NO_SUCH_NAME, BAD_PARAMETER, and those of the capture. */
export async function captureCallCommand(command: CaptureCallCommand, names: NotebookNames): Promise<{ value: CapturedSubmission; buffers: Uint8Array[] }> {
  const definition = definitionOf(names.valueOf(command.target)) ?? taskNamed(command.target, names)
  const environment = apiEnvironment()
  if (definition === null || environment === null) {
    throw new LabflowError('NO_SUCH_NAME', `${command.target} is no task or flow of this notebook: %submit takes the name of one.`, { detail: { name: command.target } })
  }
  const given = mergeOptions(definition.given, command.options)
  const args = argumentsOf(definition.source ?? Function.prototype.toString.call(definition.body), command.parameters, definition.name)
  const capture = captureRun({ ...definition, given }, args, environment)
  return { value: { submission: submissionOf({ ...definition, given }, capture, environment), outputs: [] }, buffers: toBuffers(capture.inputs) }
}

/** A task or flow whose own name differs from the variable that holds it. */
function taskNamed(name: string, names: NotebookNames): ReturnType<typeof definitionOf> {
  for (const variable of names.names()) {
    const definition = definitionOf(names.valueOf(variable))
    if (definition?.name === name) return definition
  }
  return null
}

/** The command's options are complete: only those that differ from the defaults were asked for, and win over the code's own. */
function mergeOptions(ofCode: Partial<RunOptions>, ofCommand: Partial<RunOptions>): Partial<RunOptions> {
  const asked = Object.entries(ofCommand).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(DEFAULT_RUN_OPTIONS[name as keyof RunOptions]))
  return { ...ofCommand, ...ofCode, ...Object.fromEntries(asked) }
}

/** Parameters by name as arguments: one object for `({ a, b })` or `(params)`, else by position. @throws LabflowError BAD_PARAMETER. */
function argumentsOf(source: string, parameters: Readonly<Record<string, unknown>>, task: string): unknown[] {
  const statement = nodesIn(parseModule(`(${source});`), 'body')[0]
  const expression = statement === undefined ? null : nodeIn(statement, 'expression')
  const taken = (expression === null ? [] : nodesIn(expression, 'params')).map(withoutDefault)
  const given = Object.keys(parameters)
  const positions = taken.map((parameter) => identifierName(parameter))
  if (given.every((name) => positions.includes(name))) {
    const last = positions.findLastIndex((name) => name !== null && given.includes(name))
    return positions.slice(0, last + 1).map((name) => (name === null ? undefined : parameters[name]))
  }
  if (taken.length === 1) return [parameters]
  const unknown = given.find((name) => !positions.includes(name)) as string
  const known = positions.filter((name) => name !== null).join(', ')
  throw new LabflowError('BAD_PARAMETER', `${task} has no parameter ${unknown}; it takes ${known === '' ? 'none' : known}`, { detail: { name: unknown } })
}

function withoutDefault(parameter: AstNode): AstNode {
  return parameter.type === 'AssignmentPattern' ? (nodeIn(parameter, 'left') as AstNode) : parameter
}
