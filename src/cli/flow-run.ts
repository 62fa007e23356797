/**
 * Owns `labflow run FILE.ts[:NAME]`: reads the parameters from the file's text, loads the file, calls the task or flow through the
 * executor, and shows on the terminal what happens. Ctrl+C cancels the run.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect, type InspectOptions } from 'node:util'
import { setApiEnvironment } from '../api/port.ts'
import { flowSignatures, type FlowSignature } from '../code/flow-signature.ts'
import { nearMatch } from '../config/near-match.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunRecord } from '../model/run.ts'
import { installModuleHooks } from '../modules/hooks.ts'
import { withEngine } from './engine-door.ts'
import { readArguments, signatureHelp } from './flow-arguments.ts'
import { RunPrinter } from './run-printer.ts'

/** A result on a terminal: names and sizes of everything, the beginning of long arrays and texts. */
const RESULT_STYLE: InspectOptions = { depth: 2, maxArrayLength: 4, maxStringLength: 400, breakLength: 120, compact: 3, customInspect: false }

/** Runs what `target` names with the parameters in `words`; returns the exit code. @throws LabflowError for a bad file, name or parameter. */
export async function runFlowFile(target: string, words: string[]): Promise<number> {
  const { path, name } = splitTarget(target)
  const signatures = flowSignatures(readFileSync(path, 'utf8'), path)
  if (words.includes('--help') || words.includes('-h')) {
    console.log(signatureHelp(shownPath(target), choose(signatures, name, path), signatures))
    return 0
  }
  const signature = choose(signatures, name, path)
  const parameters = readArguments(words, signature)
  return withEngine(async (engine) => {
    const printer = new RunPrinter(process.stdout, process.stderr)
    const interrupt = new AbortController()
    const onSignal = () => interrupt.abort()
    process.once('SIGINT', onSignal)
    // Events of the run and of everything it starts; the API itself follows only the run.
    const stopListening = engine.onEvent((event) => {
      if (event.type !== 'end') printer.take(event)
    })
    setApiEnvironment({
      transport: () => engine,
      scope: null,
      environment: () => ({ cwd: process.cwd(), env: presentEnvironment(), nodePath: process.execPath }),
      notebook: null,
      parentRunId: () => null,
      signal: () => interrupt.signal,
      onSubmitted: (run: RunRecord) => printer.begin(run),
    })
    try {
      const value = await call(path, signature, parameters)
      printer.end(`${signature.name} ended: ${inspect(value, RESULT_STYLE)}`)
      return 0
    } catch (error) {
      printer.end(`${signature.name} failed: ${(error as Error).name}: ${(error as Error).message}`)
      return interrupt.signal.aborted ? 130 : 1
    } finally {
      stopListening()
      process.off('SIGINT', onSignal)
      setApiEnvironment(null)
    }
  })
}

async function call(path: string, signature: FlowSignature, parameters: Record<string, unknown>): Promise<unknown> {
  const hooks = installModuleHooks({ folder: dirname(path) })
  try {
    const module = (await import(pathToFileURL(path).href)) as Record<string, (parameters: unknown) => Promise<unknown>>
    const entry = module[signature.exportName]
    if (entry === undefined) throw new LabflowError('NO_SUCH_NAME', `${path} does not export ${signature.exportName}`)
    return await entry(parameters)
  } finally {
    hooks.dispose()
  }
}

function splitTarget(target: string): { path: string; name: string | null } {
  const at = target.lastIndexOf(':')
  const [file, name] = at > 0 && !existsSync(target) ? [target.slice(0, at), target.slice(at + 1)] : [target, null]
  if (!existsSync(file)) throw new LabflowError('BAD_OPTION', `there is no file ${file}: labflow run takes a notebook (.ipynb) or a TypeScript file`)
  if (!/\.[cm]?[jt]sx?$/.test(file)) throw new LabflowError('BAD_OPTION', `${file} is neither a notebook (.ipynb) nor a TypeScript or JavaScript file`)
  return { path: resolve(file), name }
}

/** The named task or flow; without a name the only flow, else the only task. */
function choose(signatures: FlowSignature[], name: string | null, path: string): FlowSignature {
  if (signatures.length === 0) throw new LabflowError('NO_SUCH_NAME', `${path} exports no task and no flow: write "export const name = flow({ name: 'name' }, async ({ … }) => …)"`)
  const listed = signatures.map((signature) => signature.exportName)
  if (name !== null) {
    const found = signatures.find((signature) => signature.exportName === name || signature.name === name)
    const near = nearMatch(name, listed)
    if (found === undefined) throw new LabflowError('NO_SUCH_NAME', `${path} exports no task or flow "${name}"${near === null ? '' : ` (did you mean ${near}?)`}; it has ${listed.join(', ')}`)
    return found
  }
  const flows = signatures.filter((signature) => signature.kind === 'flow')
  const candidates = flows.length > 0 ? flows : signatures
  if (candidates.length > 1) throw new LabflowError('NO_SUCH_NAME', `${path} has several: say which with FILE:NAME (${candidates.map((signature) => signature.exportName).join(', ')})`)
  return candidates[0] as FlowSignature
}

function shownPath(target: string): string {
  return existsSync(target) ? target : target.slice(0, target.lastIndexOf(':'))
}

function presentEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
