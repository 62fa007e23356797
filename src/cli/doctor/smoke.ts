/**
 * Owns `labflow doctor --smoke`: a cell, a task, a cached task, a flow and the 1,000 × 10 test in a store of their own, with times.
 * Refuses to leave anything behind: folder, executor and workers are gone afterwards.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { NotebookPort } from '../../../kernel/contract.ts'
import { formatDuration } from '../../config/durations.ts'
import { packageRoot } from '../../version.ts'
import { isSameProcess } from '../../wire/process-identity.ts'
import { cellValueText, OutputCollector } from '../output-collector.ts'
import { openHeadlessNotebook } from '../headless-notebook.ts'

/** An executor that was stopped ends within this. */
const END_LIMIT_MS = 5_000

interface SmokeCell {
  name: string
  code: string
  /** What the cell's value must read as; null = only that it ends well. */
  expected: string | null
}

/** Runs the smoke test; prints a line a cell and OK at the end. Returns whether all was well. */
export async function runSmoke(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'labflow-smoke-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const testFile = copyTestFlow(folder)
  const before = process.env.LABFLOW_HOME
  process.env.LABFLOW_HOME = join(folder, '.labflow')
  const output = new OutputCollector()
  const notebook = await openHeadlessNotebook({ folder, notebookName: null, output })
  let isWell = true
  try {
    for (const [index, cell] of smokeCells(testFile).entries()) isWell = (await runCell(notebook, output, cell, index)) && isWell
  } finally {
    await notebook.close(false)
    await stopExecutor(join(folder, '.labflow'))
    if (before === undefined) delete process.env.LABFLOW_HOME
    else process.env.LABFLOW_HOME = before
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  console.log(isWell ? 'OK' : 'not OK: see the lines above')
  return isWell
}

function smokeCells(testFile: string): SmokeCell[] {
  const cells: SmokeCell[] = [
    { name: 'a cell', code: 'const twice = (x: number): number => x * 2\ntwice(21)', expected: '42' },
    { name: 'a task', code: '%%task\nconst doubled = twice(21)\ndoubled', expected: '42' },
    { name: 'a cached task', code: '%%task --cache\ntwice(4)', expected: '8' },
    { name: 'the same again', code: '%%task --cache\ntwice(4)', expected: '8' },
    { name: 'a flow', code: "import { flow, task } from 'labflow'\nconst square = task({ name: 'square' }, (x: number) => x * x)\nconst sum = flow({ name: 'sum' }, async () => (await square(3)) + (await square(4)))\nawait sum()", expected: '25' },
  ]
  const run = `{\n  const { rows, columns, nClusters } = await testFlow({ rows: 1000 })\n  if (nClusters < 2) throw new Error('found ' + nClusters + ' clusters in ' + rows + ' × ' + columns)\n}`
  return [
    ...cells,
    { name: '1,000 × 10', code: `import { testFlow } from ${JSON.stringify(testFile)}\n${run}`, expected: null },
    { name: 'cached', code: run, expected: null },
    { name: 'cached again', code: run, expected: null },
  ]
}

/** Node strips no types below node_modules, where an installed Labflow is: the test flow runs as a copy. Returns its path. */
function copyTestFlow(folder: string): string {
  cpSync(join(packageRoot, 'notebooks', 'sculpt'), join(folder, 'sculpt'), { recursive: true, filter: (path) => !path.endsWith('.ipynb') && !path.endsWith('data') })
  mkdirSync(join(folder, 'node_modules'))
  for (const name of ['kdbush', 'umap-js']) {
    const manifest = findPackageJSON(name, import.meta.url)
    if (manifest !== undefined) symlinkSync(dirname(manifest), join(folder, 'node_modules', name), 'junction')
  }
  return join(folder, 'sculpt', 'test-flow.ts')
}

async function runCell(notebook: NotebookPort, output: OutputCollector, cell: SmokeCell, index: number): Promise<boolean> {
  const cellId = `smoke-${index}`
  output.begin(cellId, index + 1)
  const startMs = performance.now()
  const outcome = await notebook.execute({ cellId, code: cell.code, isSilent: false, executionCount: index + 1, userExpressions: {}, allowStdin: false })
  const took = formatDuration(performance.now() - startMs)
  if (outcome.status === 'error') {
    console.log(`✗ ${cell.name.padEnd(16)} ${took.padStart(9)}  ${outcome.error.name}: ${outcome.error.message}`)
    return false
  }
  const value = cellValueText(output.outputs(cellId))
  const isRight = cell.expected === null || value === cell.expected
  const note = isRight ? output.outputs(cellId).flatMap((record) => (record.output_type === 'stream' ? String(record.text).trim() : [])).join(' ') : `gave ${value}, not ${cell.expected}`
  console.log(`${isRight ? '✓' : '✗'} ${cell.name.padEnd(16)} ${took.padStart(9)}  ${note}`.trimEnd())
  return isRight
}

/** Resolves when the process is gone: until then it may write into the folder that is to be removed. */
async function stopExecutor(storeFolder: string): Promise<void> {
  const { findEngine } = await import('../../client/connect.ts')
  const engine = await findEngine({ storeFolder, client: 'cli' })
  if (engine === null) return
  const { pid } = await engine.status()
  await engine.stop(true)
  await engine.close()
  const limit = performance.now() + END_LIMIT_MS
  while (isSameProcess(pid, null) && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 10))
}
