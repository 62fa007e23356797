/**
 * Owns the capture of cells for workers: code, inputs and key as a submission. Captures, and submits nothing.
 */
import { join } from 'node:path'
import { constants, Script } from 'node:vm'
import { captureCell } from '../../src/capture/capture-cell.ts'
import type { ImportBinding, RunOptions } from '../../src/model/run.ts'
import { toBuffers } from '../../src/values/codec.ts'
import { makeCellHelpers } from './cell-helpers.ts'
import type { NotebookNames } from './definitions.ts'
import { currentEnvironment, notebookPath } from './environment.ts'
import { notebookCodec } from './notebook-codec.ts'
import type { CapturedSubmission, SessionCommand } from './protocol.ts'

type CaptureCellCommand = Extract<SessionCommand, { type: 'capture-cell' }>

/** Answer of `capture-cell`. @throws LabflowError CANNOT_CAPTURE, MUTATES_INPUT, CANNOT_ENCODE, BAD_PARAMETER. */
export async function captureCellCommand(command: CaptureCellCommand, names: NotebookNames): Promise<{ value: CapturedSubmission; buffers: Uint8Array[] }> {
  const { analysis, extraInputs, extraOutputs, parameterValues, kind, name, runName } = command
  const capture = await captureCell({
    analysis, extraInputs, extraOutputs, parameterValues, kind,
    scope: names,
    filename: join(names.folder, `${name.replace(/[^\p{L}\p{N}_.-]+/gu, '-')}.ts`),
    codec: notebookCodec(names),
  })
  const { code, cacheKey, inputDigests, parameters, outputs } = capture
  const submission = {
    kind, name, runName, code, cacheKey, inputDigests, parameters,
    options: command.options as RunOptions, // complete: the kernel has merged in the defaults
    environment: currentEnvironment(),
    notebook: notebookPath(),
    parentRunId: null,
  }
  return { value: { submission, outputs }, buffers: toBuffers(capture.inputs) }
}

/** Imports of a task cell hold in the notebook too (semantics §5.7). What fails here fails in the run, which says so. */
export async function importHere(bindings: readonly ImportBinding[], names: NotebookNames): Promise<void> {
  const filename = join(names.folder, 'imports.ts')
  const { pick } = makeCellHelpers({ cellId: '', isStopped: false, allowStdin: false, abort: new AbortController() }, filename)
  for (const binding of bindings) {
    if (binding.local === '') continue
    const words = binding.attributes === undefined ? '' : `, { with: ${JSON.stringify(binding.attributes)} }`
    const script = new Script(`import(${JSON.stringify(binding.specifier)}${words})`, { filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
    try {
      const module = (await script.runInThisContext()) as Record<string, unknown>
      const value = binding.imported === '*' ? module : pick(module, binding.imported, binding.specifier)
      names.addImport(binding)
      Object.defineProperty(globalThis, binding.local, { value, writable: true, configurable: true, enumerable: true })
    } catch {
      // Told by the run itself.
    }
  }
}
