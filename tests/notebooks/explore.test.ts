/** The notebooks of the repository without a browser: explore.ipynb by `labflow run` (19,000 events in CI), welcome.ipynb by Jupyter's own runners. */
import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProjectLab, REPOSITORY, type CommandResult } from '../support/project-lab.ts'
import type { CellOutputRecord, NotebookFile } from '../../src/cli/notebook-file.ts'
import type { RunRecord } from '../../src/model/run.ts'

const CARD = 'application/vnd.labflow.run+json'
const python = process.env.LABFLOW_TEST_PYTHON ?? join(REPOSITORY, '.venv', 'bin', 'python')
/** Everything in CI, a tenth of it elsewhere: the same cells. */
const ROWS = process.env.CI ? 19_000 : 2_000
const lab = new ProjectLab({ JUPYTER_PLATFORM_DIRS: '1' })
lab.env.JUPYTER_RUNTIME_DIR = join(lab.home, 'runtime')
lab.env.IPYTHONDIR = join(lab.home, 'ipython')

beforeAll(async () => {
  const isOurs = (path: string): boolean => !/\/sculpt\/data$|\.out\.ipynb$|\.labflow$/.test(path)
  for (const name of ['notebooks', 'configs']) cpSync(join(REPOSITORY, name), join(lab.folder, name), { recursive: true, filter: isOurs })
  symlinkSync(join(REPOSITORY, 'node_modules'), join(lab.folder, 'node_modules'))
  expect(await lab.labflow('install')).toMatchObject({ code: 0 })
})
afterAll(() => lab.close())

const read = (name: string): NotebookFile => JSON.parse(readFileSync(join(lab.folder, name), 'utf8')) as NotebookFile
const runPython = (...words: string[]): Promise<CommandResult> => lab.start(python, words).ended

function outputsOf(notebook: NotebookFile, id: string): CellOutputRecord[] {
  const cell = notebook.cells.find((candidate) => candidate.id === id)
  if (cell === undefined) throw new Error(`the notebook has no cell ${id}`)
  return cell.outputs ?? []
}

/** What a cell showed in that type; nbformat keeps text as lines. */
function shown(notebook: NotebookFile, id: string, mimeType: string): unknown[] {
  const whole = (value: unknown): unknown => (Array.isArray(value) ? value.join('') : value)
  return outputsOf(notebook, id).flatMap((output) => ('data' in output && mimeType in output.data ? [whole(output.data[mimeType])] : []))
}

/** Every code cell ran, and none of them failed. */
function expectAllWell(notebook: NotebookFile): void {
  const cells = notebook.cells.filter((cell) => cell.cell_type === 'code')
  expect(cells.flatMap((cell) => (cell.outputs ?? []).filter((output) => output.output_type === 'error'))).toEqual([])
  expect(cells.map((cell) => typeof cell.execution_count)).toEqual(cells.map(() => 'number'))
}

async function expectValid(name: string): Promise<void> {
  const validation = await runPython('-c', `import nbformat; nbformat.validate(nbformat.read(${JSON.stringify(join(lab.folder, name))}, as_version=nbformat.NO_CONVERT))`)
  expect(validation).toEqual({ stdout: '', stderr: '', code: 0 })
}

test('explore.ipynb runs from top to bottom without a browser, and the file it leaves reads well', async () => {
  const command = await lab.labflow('run', 'notebooks/sculpt/explore.ipynb', 'explored.ipynb', '-p', 'rows', String(ROWS), '--cwd', 'notebooks/sculpt')
  expect([command.code, command.stderr]).toEqual([0, expect.stringMatching(/\n\d+ cells in /)])
  const notebook = read('explored.ipynb')
  expectAllWell(notebook)
  await expectValid('explored.ipynb')

  const cards = new Map(['umap', 'submit', 'flow', 'again', 'thirty'].map((id) => [id, shown(notebook, id, CARD).at(-1)]))
  for (const [id, card] of cards) expect([id, JSON.stringify(card)]).toEqual([id, expect.stringMatching(/"COMPLETED"/)])
  for (const id of ['look', 'scatter', 'wide-scatter', 'comparison']) {
    expect([id, shown(notebook, id, 'application/vnd.plotly.v1+json').length]).toEqual([id, 1])
    const picture = Buffer.from(String(shown(notebook, id, 'image/png')[0]), 'base64')
    expect([id, picture.subarray(1, 4).toString()]).toEqual([id, 'PNG'])
  }
  const [found] = shown(notebook, 'dbscan', 'text/plain').map((text) => Number(/nClusters: (\d+)/.exec(String(text))?.[1]))
  expect(found).toBeGreaterThanOrEqual(4)
  expect(found).toBeLessThanOrEqual(30)
  expect(shown(notebook, 'flow', 'text/plain').join('\n')).toContain(`nSamples: ${ROWS}`)
})

test('the second run of its flow took the embedding from the cache, the one with 30 neighbours did not', async () => {
  const runs = JSON.parse((await lab.labflow('runs', '--json', '--limit', '50')).stdout) as RunRecord[]
  const flows = runs.filter((run) => run.name === 'umapAnalysis').reverse()
  expect(flows.map((run) => run.state.type)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED'])
  const stateOf = (flow: RunRecord, name: string): string | undefined => runs.find((run) => run.parentRunId === flow.id && run.name === name)?.state.name
  expect(flows.map((flow) => stateOf(flow, 'embed'))).toEqual(['Completed', 'Cached', 'Completed'])
  for (const name of ['loadAndCombine', 'cluster', 'frame']) expect([name, flows.map((flow) => stateOf(flow, name))]).toEqual([name, ['Completed', 'Completed', 'Completed']])
})

test('nbclient runs welcome.ipynb on the installed kernel', async () => {
  const script = [
    'import sys, nbformat, nbclient',
    'notebook = nbformat.read("notebooks/welcome.ipynb", as_version=4)',
    'nbclient.NotebookClient(notebook, kernel_name="labflow", timeout=120, resources={"metadata": {"path": "notebooks"}}).execute()',
    'nbformat.write(notebook, "by-nbclient.ipynb")',
  ].join('\n')
  const command = await runPython('-c', script)
  expect([command.code, command.stderr]).toEqual([0, expect.any(String)])
  expectAllWell(read('by-nbclient.ipynb'))
  await expectValid('by-nbclient.ipynb')
  expect(shown(read('by-nbclient.ipynb'), 'answer', 'text/plain').at(-1)).toBe('42')
})

test('papermill runs welcome.ipynb on the installed kernel', async () => {
  const command = await runPython('-m', 'papermill', 'notebooks/welcome.ipynb', 'by-papermill.ipynb', '--cwd', 'notebooks', '--no-progress-bar')
  expect([command.code, command.stderr]).toEqual([0, expect.any(String)])
  expectAllWell(read('by-papermill.ipynb'))
  await expectValid('by-papermill.ipynb')
  expect(shown(read('by-papermill.ipynb'), 'answer', 'text/plain').at(-1)).toBe('42')
})
