/**
 * Owns the way of one call to the executor and back: capture, submission, end, decoded value or the run's error.
 */
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { captureFunctionNow } from '../capture/capture-function.ts'
import { captureModuleTaskNow } from '../capture/capture-module-task.ts'
import type { Capture } from '../capture/contract.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunEvent, RunRecord, RunResult, Submission } from '../model/run.ts'
import type { RunState } from '../model/state.ts'
import { decodeValue, fromBuffers, toBuffers } from '../values/codec.ts'
import type { CodecContext } from '../values/codec.ts'
import type { RunDefinition } from './definition.ts'
import { completeOptions } from './options.ts'
import type { ApiEnvironment } from './port.ts'
import { runError } from './run-error.ts'
import { followerOf } from './run-follower.ts'

/** A run that the executor knows. */
export interface SubmittedRun {
  run: RunRecord
  /** Resolves with the value; rejects with the run's error. */
  ended: Promise<unknown>
}

/** What happens to a call on its way. */
export interface CallListener {
  onState(state: RunState): void
  onEvent?(event: RunEvent): void
}

/** Captures a call: code, inputs and key. @throws LabflowError CANNOT_CAPTURE, CANNOT_ENCODE. */
export function captureRun(definition: RunDefinition, args: readonly unknown[], environment: ApiEnvironment): Capture {
  const { origin, body } = definition
  const codec = environment.codec?.() ?? {}
  if (origin.kind === 'file') {
    const folder = environment.scope?.folder ?? dirname(origin.path)
    return captureModuleTaskNow({ path: origin.path, taskName: definition.name, runKind: definition.kind, args, parameterNames: parameterNames(body), folder, codec })
  }
  const { scope } = environment
  if (scope === null) {
    throw new LabflowError('CANNOT_CAPTURE', `The ${definition.kind} ${definition.name} was made outside of any file or notebook cell, so its code cannot travel. Define it at the top level of a file.`)
  }
  const filename = origin.filename ?? join(scope.folder, `${definition.name.replace(/[^\w.-]+/g, '-')}.ts`)
  return captureFunctionNow({ ...(definition.source === undefined ? { target: body } : { source: definition.source }), args, scope, filename, codec })
}

/** The submission of a captured call. */
export function submissionOf(definition: RunDefinition, capture: Capture, environment: ApiEnvironment): Submission {
  return {
    kind: definition.kind,
    name: definition.name,
    runName: definition.name,
    code: capture.code,
    options: completeOptions(definition.given),
    environment: environment.environment(),
    cacheKey: capture.cacheKey,
    inputDigests: capture.inputDigests,
    parameters: capture.parameters,
    notebook: environment.notebook,
    parentRunId: environment.parentRunId(),
  }
}

/** Submits a call; resolves when the executor has it. @throws LabflowError of capture or executor. */
export async function submitRun(definition: RunDefinition, args: readonly unknown[], environment: ApiEnvironment, runId: string, listener: CallListener): Promise<SubmittedRun> {
  const capture = captureRun(definition, args, environment)
  const submission = submissionOf(definition, capture, environment)
  let buffers = toBuffers(capture.inputs)
  // A pipe takes the arrays before the caller goes on and may change them; whoever must connect first needs copies.
  let transport = environment.transport()
  if (transport instanceof Promise) {
    buffers = buffers.map((buffer) => buffer.slice())
    transport = await transport
  }
  const follower = followerOf(transport)
  const end = follower.follow(runId, listener.onState, listener.onEvent)
  try {
    const { result } = await transport.request('submit', { submission, runId }, buffers)
    environment.onSubmitted?.(result.run)
    return { run: result.run, ended: end.then(({ run, buffers }) => valueOf(run, buffers, environment.codec?.() ?? {})) }
  } catch (error) {
    follower.forget(runId)
    throw error
  }
}

export function newRunId(): string {
  return randomUUID()
}

function valueOf(run: RunRecord, buffers: Uint8Array[], codec: CodecContext): unknown {
  if (run.state.type !== 'COMPLETED') throw runError(run)
  const encoded = fromBuffers(buffers)
  return encoded === null ? undefined : (decodeValue(encoded, codec) as RunResult).value
}

/** Names of plain parameters, read from the function's text; undefined where one is a pattern. */
function parameterNames(body: (...args: never[]) => unknown): string[] {
  const head = /^(?:async\s*)?(?:function\s*\*?\s*[\w$]*\s*)?\(?([^)=]*)/.exec(Function.prototype.toString.call(body))?.[1] ?? ''
  const names = head.split(',').map((part) => part.replace(/^\s*\.\.\./, '').trim())
  return names.every((name) => /^[\w$]+$/.test(name)) ? names : []
}
