/**
 * Owns the capture of cells for workers: code, inputs and key as a submission. Captures, and submits nothing.
 */
import { join } from 'node:path'
import { captureCell } from '../../src/capture/capture-cell.ts'
import type { ImportBinding, RunOptions } from '../../src/model/run.ts'
import { toBuffers } from '../../src/values/codec.ts'
import type { NotebookNames } from './definitions.ts'
import { currentEnvironment, notebookPath } from './environment.ts'
import { importValue } from './import-value.ts'
import { notebookCodec } from './notebook-codec.ts'
import type { CapturedSubmission, SessionCommand } from './protocol.ts'

type CaptureCellCommand = Extract<SessionCommand, { type: 'capture-cell' }>

/** Answer of `capture-cell`. @throws LabflowError CANNOT_CAPTURE, MUTATES_INPUT, CANNOT_ENCODE, BAD_PARAMETER. */
export async function captureCellCommand(command: CaptureCellCommand, names: NotebookNames): Promise<{ value: CapturedSubmission; buffers: Uint8Array[] }> {
  const { analysis, extraInputs, extraOutputs, parameterValues, kind, name, runName } = command
  const filename = join(names.folder, `${name.replace(/[^\p{L}\p{N}_.-]+/gu, '-')}.ts`)
  names.noteText(analysis, filename)
  const capture = await captureCell({
    analysis, extraInputs, extraOutputs, parameterValues, kind,
    scope: names,
    filename,
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

/** Imports of a task cell hold in the notebook too. What fails here fails in the run, which says so. */
export async function importHere(bindings: readonly ImportBinding[], names: NotebookNames): Promise<void> {
  for (const binding of bindings) {
    if (binding.local === '') continue
    try {
      const value = await importValue(binding, names.folder)
      names.addImport(binding)
      Object.defineProperty(globalThis, binding.local, { value, writable: true, configurable: true, enumerable: true })
    } catch {
      // Told by the run itself.
    }
  }
}
