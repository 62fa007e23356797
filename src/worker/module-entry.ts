/**
 * Owns finding a task or flow that a file defines: imports the file and takes the function registered under the name.
 * Refuses to run the file's own calls: a file that starts its flow at the bottom is only loaded here, else it would submit itself for ever.
 */
import { pathToFileURL } from 'node:url'
import { registeredBody, whenCalledWhileLoading } from '../api/registry.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunKind } from '../model/run.ts'

type Body = (...args: unknown[]) => unknown

/** The function of a task or flow. @throws LabflowError NO_SUCH_NAME when the file has none so named. */
export async function loadModuleTask(path: string, name: string, kind: RunKind): Promise<Body> {
  // A file that awaits its own flow at its top level never ends loading; by then the flow is registered.
  const stalled = whenCalledWhileLoading()
  const loaded = import(pathToFileURL(path).href) as Promise<Record<string, unknown>>
  const module = await Promise.race([loaded, stalled.then(() => null)])
  const body = registeredBody(path, name, kind) ?? plainExport(module, name)
  if (body !== null) return body
  const offered = registeredNamesText(path)
  throw new LabflowError('NO_SUCH_NAME', `${path} defines no ${kind} named ${JSON.stringify(name)}${offered}. Define it at the top level of the file with ${kind}({ name: '${name}' }, …).`)

  function registeredNamesText(file: string): string {
    const names = module === null ? [] : Object.keys(module)
    return names.length === 0 ? '' : `; ${file} exports ${names.slice(0, 10).join(', ')}`
  }
}

/** A plain exported function may be submitted by name too (`labflow run file.ts:name`). */
function plainExport(module: Record<string, unknown> | null, name: string): Body | null {
  const value = module?.[name]
  return typeof value === 'function' ? (value as Body) : null
}
