/**
 * Owns capturing a call of a task or flow that a local module exports: the worker imports the module, so only its path,
 * the fingerprint of its import graph and the arguments travel.
 */
import { dirname } from 'node:path'
import { cacheKeyOf, closureFingerprint } from './fingerprint.ts'
import { encodeInputs } from './inputs.ts'
import type { RunKind } from '../model/run.ts'
import type { CodecContext } from '../values/codec.ts'
import type { Capture } from './contract.ts'

/** What {@link captureModuleTask} works on. */
export interface ModuleTaskRequest {
  /** Absolute path of the module. */
  path: string
  taskName: string
  runKind: RunKind
  args: readonly unknown[]
  /** Names of the parameters, for people; `argument 1`, … without. */
  parameterNames?: readonly string[]
  /** Folder that labels are relative to; default the module's. */
  folder?: string
  codec?: CodecContext
}

/** As {@link captureModuleTaskNow}; what it throws rejects. */
export async function captureModuleTask(request: ModuleTaskRequest): Promise<Capture> {
  return captureModuleTaskNow(request)
}

/** Captures a call before the caller goes on. @throws LabflowError CANNOT_ENCODE, BAD_CODE when the module cannot be parsed. */
export function captureModuleTaskNow(request: ModuleTaskRequest): Capture {
  const folder = request.folder ?? dirname(request.path)
  const entry = { kind: 'module' as const, path: request.path, taskName: request.taskName, runKind: request.runKind }
  const { fingerprint, parts } = closureFingerprint({ entry, imports: [], definitions: [], folder })
  const args = request.args.map((value, index) => ({ name: request.parameterNames?.[index] ?? `argument ${index + 1}`, value }))
  const { inputs, inputDigests, parameters, structure } = encodeInputs(args, { values: new Map(), fields: new Map() }, new Set(), request.codec ?? {})
  return {
    code: { imports: [], definitions: [], entry, folder, fingerprint, fingerprintParts: parts },
    inputs,
    inputDigests,
    cacheKey: cacheKeyOf(fingerprint, inputDigests, structure),
    parameters,
  }
}
