/**
 * Owns what a task or flow is: its function, name, options, and where it was made, which decides how its code travels.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isUserModule } from '../modules/local-files.ts'
import { modulePath } from '../modules/module-location.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunKind, RunOptions } from '../model/run.ts'
import type { TaskOptions } from './options.ts'
import { readOptions } from './options.ts'

/** Where the code lives: a notebook cell (or code of one in a worker), or a file. */
export type Origin = { kind: 'notebook'; filename: string | null } | { kind: 'file'; path: string }

export type UserFunction = (...args: never[]) => unknown

export interface RunDefinition {
  kind: RunKind
  name: string
  body: UserFunction
  /** JavaScript of the function where it is known better than by `body.toString()`. */
  source?: string
  given: Partial<RunOptions>
  description: string
  allowFailure: boolean
  origin: Origin
}

/** Reads the arguments of `task(…)` and `flow(…)`. @throws LabflowError BAD_OPTION. */
export function readDefinition(kind: RunKind, first: unknown, second: unknown): RunDefinition {
  const [options, body] = typeof first === 'function' ? [(second ?? {}) as TaskOptions, first] : [typeof first === 'string' ? { name: first } : (first as TaskOptions), second]
  if (typeof body !== 'function') {
    throw new LabflowError('BAD_OPTION', `${kind}() takes options and a function: ${kind}({ name: 'embed' }, async (x) => …). There was no function.`)
  }
  const given = readOptions(options ?? {}, `${kind}()`)
  return {
    kind,
    name: options?.name ?? (body.name || kind),
    body: body as UserFunction,
    given,
    description: options?.description ?? '',
    allowFailure: options?.allowFailure === true,
    origin: originOfCaller(),
  }
}

const OWN_FOLDER = fileURLToPath(new URL('.', import.meta.url))

/** File or cell of the nearest frame outside of the API. */
function originOfCaller(): Origin {
  for (const file of callerFiles()) {
    const path = modulePath(file) ?? file
    if (path.startsWith(OWN_FOLDER) || file.startsWith('node:')) continue
    // A cell's file name is made up, inside the notebook's folder: nothing of that name is on disk.
    if (file.startsWith('file:') || existsSync(path)) return isUserModule(path) || existsSync(path) ? { kind: 'file', path } : { kind: 'notebook', filename: path }
    return { kind: 'notebook', filename: path.startsWith('/') ? path : null }
  }
  return { kind: 'notebook', filename: null }
}

function callerFiles(): string[] {
  const before = Error.prepareStackTrace
  const limit = Error.stackTraceLimit
  try {
    Error.stackTraceLimit = 30
    Error.prepareStackTrace = (_error, sites) => sites.map((site) => site.getFileName() ?? site.getEvalOrigin?.() ?? '')
    return (new Error().stack as unknown as string[]).filter((file) => file !== '')
  } finally {
    Error.prepareStackTrace = before
    Error.stackTraceLimit = limit
  }
}
