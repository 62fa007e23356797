/**
 * Owns finding a task or flow that a file defines: imports the file and takes the function registered under the name.
 * Refuses to run the file's own calls: a file that starts its flow at the bottom is only loaded here, else it would submit itself for ever.
 */
import { registeredBody, whenCalledWhileLoading } from '../api/registry.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunKind } from '../model/run.ts'

type Body = (...args: unknown[]) => unknown

/** URLs of files that await one of their own runs at the top level: they never end loading, but their functions are registered. */
const stalledUrls = new Set<string>()

/**
 * The function of a task or flow; `url` is the file's, with its content version.
 * @throws LabflowError NO_SUCH_NAME when the file has none so named.
 */
export async function loadModuleTask(path: string, url: string, name: string, kind: RunKind): Promise<Body> {
  const module = stalledUrls.has(url) ? null : await load(url)
  const body = registeredBody(path, name, kind) ?? plainExport(module, name)
  if (body !== null) return body
  const offered = registeredNamesText(path)
  throw new LabflowError('NO_SUCH_NAME', `${path} defines no ${kind} named ${JSON.stringify(name)}${offered}. Define it at the top level of the file with ${kind}({ name: '${name}' }, …).`)

  function registeredNamesText(file: string): string {
    const names = module === null ? [] : Object.keys(module)
    return names.length === 0 ? '' : `; ${file} exports ${names.slice(0, 10).join(', ')}`
  }
}

async function load(url: string): Promise<Record<string, unknown> | null> {
  const stalled = whenCalledWhileLoading().then(() => {
    stalledUrls.add(url)
    return null
  })
  return Promise.race([import(url) as Promise<Record<string, unknown>>, stalled])
}

/** A plain exported function may be submitted by name too (`labflow run file.ts:name`). */
function plainExport(module: Record<string, unknown> | null, name: string): Body | null {
  const value = module?.[name]
  return typeof value === 'function' ? (value as Body) : null
}
