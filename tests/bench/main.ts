/**
 * Owns `npm run bench`: builds, measures kernels, background cells, engine and their peers in one run on one machine, prints a table and keeps the
 * figures as tests/bench/results/DATE.json. Asserts nothing: a slow machine is no failure, and only ratios of one run are worth comparing.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { installKernel } from '../../kernel/install.ts'
import { peerPython } from './peer.ts'
import { printTable, tableOf, type Measured } from './table.ts'

const root = join(import.meta.dirname, '..', '..')
const bench = import.meta.dirname
const python = join(root, '.venv', 'bin', 'python')

if (!existsSync(python)) {
  console.error('labflow · the bench needs .venv with jupyter_client and ipykernel: run "node tools/setup.mjs --test" first')
  process.exit(1)
}
run('the build', process.execPath, [join(root, 'tools', 'build.mjs')], {})

const folder = mkdtempSync(join(tmpdir(), 'labflow-bench-'))
const loadBefore = loadavg()
const measured: Measured = { kernels: {}, cells: {}, engine: {}, peer: null }
try {
  const jupyter = join(folder, 'jupyter')
  installKernel({ dataDir: jupyter, mainPath: join(root, 'dist', 'kernel', 'main.js') })
  const environment = { JUPYTER_DATA_DIR: jupyter, LABFLOW_HOME: join(folder, 'store') }
  measured.kernels = json('kernels (labflow and ipykernel)', python, [join(bench, 'kernels.py'), 'labflow', 'python3'], environment)
  measured.cells = json('background cells', python, [join(bench, 'cells.py')], environment)
  measured.engine = json('engine', process.execPath, [join(bench, 'engine.ts'), join(root, 'dist')], {})
  const peer = peerPython(root)
  if (peer !== null) measured.peer = peerFigures(peer)
} finally {
  stopExecutor(join(folder, 'store'))
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

const rows = tableOf(measured)
const machine = {
  platform: `${process.platform} ${process.arch}`, cpu: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), memoryGb: Math.round(totalmem() / 1e9),
  node: process.version, loadBefore: loadBefore.map((value) => Math.round(value * 100) / 100), loadAfter: loadavg().map((value) => Math.round(value * 100) / 100),
}
const results = join(bench, 'results')
mkdirSync(results, { recursive: true })
const path = join(results, `${new Date().toISOString().slice(0, 10)}.json`)
writeFileSync(path, `${JSON.stringify({ machine, rows, measured }, null, 2)}\n`)
printTable(rows)
console.log(`\n${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore[0]} before and ${machine.loadAfter[0]} after · kept in ${path}`)

/** The executor that the cells used would wait fifteen minutes for more. */
function stopExecutor(store: string): void {
  spawnSync(process.execPath, [join(root, 'bin', 'labflow.mjs'), 'executor', 'stop', '--cancel'], { env: { ...process.env, LABFLOW_HOME: store }, stdio: 'ignore' })
}

/** The peer is a guest: when it fails, its column is empty and that is said. */
function peerFigures(peer: string): Measured['peer'] {
  console.log('labflow · bench: Prefect (two minutes)')
  const done = spawnSync(peer, [join(bench, 'prefect_peer.py'), mkdtempSync(join(folder, 'prefect-'))], { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' }, stdio: ['ignore', 'pipe', 'inherit'], timeout: 600_000 })
  if (done.status === 0) return JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '') as Measured['peer']
  console.error(`labflow · bench: Prefect is NOT measured beside Labflow: ${done.error?.message ?? `it ended with exit code ${done.status}`}`)
  return null
}

function json(what: string, command: string, words: string[], environment: Record<string, string>): never {
  const text = run(what, command, words, environment)
  return JSON.parse(text.trim().split('\n').at(-1) ?? '') as never
}

/** Runs a part of the bench; one that fails ends the bench with its words. */
function run(what: string, command: string, words: string[], environment: Record<string, string>): string {
  console.log(`labflow · bench: ${what}`)
  const done = spawnSync(command, words, { cwd: folderOf(environment), encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...environment }, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1e8 })
  if (done.status === 0) return done.stdout
  console.error(`labflow · bench: ${what} failed (${done.error?.message ?? `exit code ${done.status}`})`)
  process.exit(1)
}

/** Kernels run in a folder of their own, where no file of the repository is in the way. */
function folderOf(environment: Record<string, string>): string {
  if (environment['LABFLOW_HOME'] === undefined) return root
  const place = join(environment['LABFLOW_HOME'], '..', 'notebooks')
  mkdirSync(place, { recursive: true })
  return place
}
