import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCard } from '../../../kernel/labextension/ui/card-data.ts'

const root = join(import.meta.dirname, '..', '..', '..')
let built = ''
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), 'labflow-extension-'))
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'kernel', 'labextension', 'build.mjs'), built], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
afterAll(() => rmSync(built, { recursive: true, force: true }))

test('the built folder is what JupyterLab loads: its manifest names a file that is there, Plotly stands beside it', () => {
  const manifest = JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as { name: string; jupyterlab: { _build: { load: string; extension: string } } }
  expect(manifest.name).toBe('labflow')
  expect(manifest.jupyterlab._build.extension).toBe('./extension')
  expect(readdirSync(join(built, 'static')).toSorted()).toEqual(['plotly.min.js', manifest.jupyterlab._build.load.replace('static/', '')])
})

test('in a page the extension takes what JupyterLab shares and offers renderers for figures and cards', async () => {
  const entry = readdirSync(join(built, 'static')).find((name) => name.startsWith('remoteEntry.')) as string
  const page = { window: {} as { _JUPYTERLAB?: Record<string, { init(scope: object): void; get(name: string): Promise<() => { default: { requires: unknown[]; activate(...services: unknown[]): void } }>}> }, document: { currentScript: { src: 'https://lab/lab/extensions/labflow/static/remoteEntry.js' } } }
  runInNewContext(readFileSync(join(built, 'static', entry), 'utf8'), page)
  const container = page.window._JUPYTERLAB?.['labflow']
  const share = (exports: object): object => ({ '4.0.0': { get: () => Promise.resolve(() => exports) } })
  container?.init({ '@jupyterlab/rendermime': share({ IRenderMimeRegistry: 'registry' }), '@jupyterlab/notebook': share({ INotebookTracker: 'tracker' }), '@lumino/widgets': share({ Widget: class {} }) })
  const plugin = (await container?.get('./extension'))?.().default
  expect(plugin?.requires).toEqual(['registry'])
  const mimeTypes: string[] = []
  plugin?.activate({}, { addFactory: (factory: { mimeTypes: string[] }) => mimeTypes.push(...factory.mimeTypes) }, null)
  expect(mimeTypes).toEqual(['application/vnd.plotly.v1+json', 'application/vnd.labflow.run+json'])
})

test('a JupyterLab that does not share a module is told so, not left with a blank page', async () => {
  const entry = readdirSync(join(built, 'static')).find((name) => name.startsWith('remoteEntry.')) as string
  const page = { window: {} as { _JUPYTERLAB?: Record<string, { init(scope: object): void; get(name: string): Promise<unknown> }> }, document: { currentScript: { src: '' } } }
  runInNewContext(readFileSync(join(built, 'static', entry), 'utf8'), page)
  page.window._JUPYTERLAB?.['labflow']?.init({})
  await expect(page.window._JUPYTERLAB?.['labflow']?.get('./extension')).rejects.toThrow('needs JupyterLab 4.2 or newer')
})

test('the browser code type-checks against the DOM', () => {
  const { status, stdout } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(root, 'kernel', 'labextension')], { encoding: 'utf8' })
  expect(stdout).toBe('')
  expect(status).toBe(0)
})

test('a card is read field by field: what has a wrong type counts as absent', () => {
  const run = { id: 'long', shortId: 'r1', kind: 'task', runName: 'embed', state: { type: 'RUNNING', name: 'Running', message: '' }, attempt: 1, options: { retries: 2 }, startedMs: 5, progress: { label: 'epochs', done: 3, total: 10, metrics: { loss: 1, bad: 'x' } }, warnings: 'no list' }
  expect(readCard({ version: 1, run, nowMs: 9 })).toMatchObject({ total: 1, nowMs: 9, runs: [{ shortId: 'r1', stateWord: 'running', retries: 2, endedMs: null, progress: { done: 3, metrics: { loss: 1 } }, warnings: [] }] })
  expect(readCard({ version: 1, runs: [run, { id: 3 }], total: 7 })).toMatchObject({ total: 7, runs: [{ id: 'long' }] })
  for (const broken of [null, 'text', [], { version: 2, run }, { version: 1 }, { version: 1, run: { id: 'x' } }]) expect(readCard(broken)).toBeNull()
})
