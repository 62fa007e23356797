/**
 * Owns the figures of the engine as a client sees it: one executor in a temporary store, medians in milliseconds.
 * `engine.ts TREE`: TREE is dist/, as users run it. Prints JSON; tests/bench/main.ts puts it beside Prefect's.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { summary, type Figure } from './figure.ts'
import { cachedDouble, cachedScale, double, empty, endless, scale, stamp } from './tasks.ts'

const tree = process.argv[2] ?? join(import.meta.dirname, '..', '..', 'dist')
const { setApiEnvironment } = (await import(join(tree, 'src', 'api', 'port.js'))) as typeof import('../../src/api/port.ts')
const { connectEngine } = (await import(join(tree, 'src', 'client', 'connect.js'))) as typeof import('../../src/client/connect.ts')

const storeFolder = mkdtempSync(join(tmpdir(), 'labflow-bench-'))
const engine = await connectEngine({ storeFolder, client: 'program' })
setApiEnvironment({
  transport: () => engine,
  scope: null,
  environment: () => ({ cwd: process.cwd(), env: { PATH: process.env.PATH ?? '' }, nodePath: process.execPath }),
  notebook: null,
  parentRunId: () => null,
})

async function repeat(count: number, warmUp: number, work: (index: number) => Promise<number | void>): Promise<Figure> {
  const figures: number[] = []
  for (let index = 0; index < count + warmUp; index++) {
    const start = performance.now()
    const own = await work(index)
    if (index >= warmUp) figures.push(own ?? performance.now() - start)
  }
  return summary(figures)
}

const rows: Record<string, Figure> = {}
// Two at once bring up a second worker: what stands by for a notebook that has done little.
await Promise.all([double(1), double(2)])
await new Promise((resolve) => setTimeout(resolve, 1_000))
rows['executor and idle workers, PSS MB'] = summary([pssMegabytes((await engine.status()).pid)])
const points = Float64Array.from({ length: 190_000 }, (_, index) => Math.sin(index))
rows['task run, no payload ms'] = await repeat(500, 50, async (index) => void (await double(index)))
await cachedDouble(1)
rows['cache hit, no payload ms'] = await repeat(500, 50, async () => void (await cachedDouble(1)))
rows['task run, 1.5 MB in and out ms'] = await repeat(40, 5, async (index) => void (await scale(points, index)))
await cachedScale(points, 3)
rows['cache hit, 1.5 MB in and out ms'] = await repeat(40, 5, async () => void (await cachedScale(points, 3)))
rows['submit call ms'] = await repeat(100, 10, async () => {
  const start = performance.now()
  const future = stamp.submit(0)
  await known(future)
  const called = performance.now() - start
  await future.result()
  return called
})
rows['submit until body runs ms'] = await repeat(100, 10, async () => {
  const start = performance.timeOrigin + performance.now()
  return (await stamp(0)) - start
})
rows['empty flow ms'] = await repeat(100, 10, async () => void (await empty()))
rows['1,000 tasks at once, each ms'] = await repeat(3, 1, async () => {
  const start = performance.now()
  await Promise.all(Array.from({ length: 1000 }, (_, index) => double(index)))
  return (performance.now() - start) / 1000
})
rows['map over 542 items, all ms'] = await repeat(3, 1, async () => void (await double.map(Array.from({ length: 542 }, (_, index) => index))))
rows['cancel of a spinning task ms'] = await repeat(5, 1, async () => {
  const future = endless.submit()
  await known(future)
  await started(future.runId)
  const start = performance.now()
  await future.cancel()
  await future.wait()
  return performance.now() - start
})
rows['kill -9 of a worker until CRASHED ms'] = await repeat(5, 1, async () => {
  const future = endless.submit()
  await known(future)
  await started(future.runId)
  const { workers } = await engine.status()
  const worker = workers.find(({ runId }) => runId === future.runId)
  const start = performance.now()
  process.kill(worker?.pid as number, 'SIGKILL')
  await future.wait()
  return performance.now() - start
})
// Workers beyond those kept at rest are ended some seconds after a burst.
await new Promise((resolve) => setTimeout(resolve, 6_000))
rows['executor and idle workers after all this, PSS MB'] = summary([pssMegabytes((await engine.status()).pid)])

/** Resolves when the executor has answered a submission: that is when `%%submit` returns. */
async function known(future: { readonly shortId: string | null }): Promise<void> {
  while (future.shortId === null) await new Promise((resolve) => setImmediate(resolve))
}

async function started(runId: string): Promise<void> {
  const handle = await engine.attach(runId)
  if (handle.run.state.type === 'RUNNING') return
  await new Promise<void>((resolve) => {
    const stop = handle.onEvent((event) => {
      if (event.type !== 'state' || event.state.type !== 'RUNNING') return
      stop()
      resolve()
    })
  })
}

/** Proportional set size of a process and what it started. */
function pssMegabytes(pid: number): number {
  let total = 0
  for (const each of [pid, ...descendants(pid)]) {
    const line = /^Pss:\s+(\d+)/m.exec(readProc(`/proc/${each}/smaps_rollup`))
    total += line === null ? 0 : Number(line[1]) / 1000
  }
  return total
}

function descendants(pid: number): number[] {
  const children = readProc(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/).filter(Boolean).map(Number)
  return children.flatMap((child) => [child, ...descendants(child)])
}

function isAlive(pid: number): boolean {
  return /^State:\s+[^Z]/m.test(readProc(`/proc/${pid}/status`))
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const [newest] = await engine.list({ limit: 1 })
const executor = (await engine.status()).pid
await engine.stop(true)
await engine.close()
while (isAlive(executor)) await new Promise((resolve) => setTimeout(resolve, 20))
// Closed, the database is one file without a log beside it; large values are files and no part of a run's row.
rows['store growth, MB per 1,000 tasks'] = summary([statSync(join(storeFolder, 'store.db')).size / 1e3 / Number(newest?.shortId.slice(1))])
console.log(JSON.stringify(rows))
rmSync(storeFolder, { recursive: true, force: true })
process.exit(0)
