/**
 * Owns the parameters of a headless notebook run: reading `-p name value`, `-y YAML`, `-f file`, and the cell that sets them.
 * As in papermill, the cell goes after the one tagged `parameters`, or to the top, and carries the tag `injected-parameters`.
 */
import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { LabflowError } from '../model/errors.ts'
import type { NotebookCell, NotebookFile } from './notebook-file.ts'

/** A value as typed on a command line: JSON where it is JSON, else the text itself. */
export function parseParameterText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Joins the three ways of giving parameters; later ones win. @throws LabflowError BAD_PARAMETER naming the source that cannot be read. */
export function collectParameters(sources: { pairs: [string, string][]; yamlTexts: string[]; files: string[] }): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const path of sources.files) Object.assign(found, readMapping(readText(path), path))
  for (const text of sources.yamlTexts) Object.assign(found, readMapping(text, '-y'))
  for (const [name, text] of sources.pairs) found[name] = parseParameterText(text)
  for (const name of Object.keys(found)) {
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw new LabflowError('BAD_PARAMETER', `"${name}" cannot be a parameter: a parameter is named like a variable`)
  }
  return found
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new LabflowError('BAD_PARAMETER', `the parameter file ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

function readMapping(text: string, source: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (error) {
    throw new LabflowError('BAD_PARAMETER', `the parameters of ${source} are not YAML: ${(error as Error).message}`, { cause: error })
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new LabflowError('BAD_PARAMETER', `the parameters of ${source} must be a mapping such as "rows: 1000", not ${JSON.stringify(value)}`)
  }
  return value as Record<string, unknown>
}

/** Puts the cell that sets the parameters into the notebook, in place of one from an earlier run. */
export function injectParameters(notebook: NotebookFile, parameters: Record<string, unknown>): void {
  if (Object.keys(parameters).length === 0) return
  const lines = Object.entries(parameters).map(([name, value]) => `var ${name} = ${JSON.stringify(value)};`)
  const cell: NotebookCell = {
    id: 'injected-parameters',
    cell_type: 'code',
    metadata: { tags: ['injected-parameters'] },
    source: ['// Parameters', ...lines].join('\n'),
    outputs: [],
    execution_count: null,
  }
  const earlier = notebook.cells.findIndex((candidate) => candidate.metadata.tags?.includes('injected-parameters'))
  if (earlier !== -1) {
    notebook.cells[earlier] = cell
    return
  }
  notebook.cells.splice(notebook.cells.findIndex((candidate) => candidate.metadata.tags?.includes('parameters')) + 1, 0, cell)
}
