/**
 * Owns what a user expects of values that leave the notebook and come back: copies, classes, functions, tasks.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { analyzeCell } from '../../src/code/cell-analysis.ts'
import { DEFAULT_RUN_OPTIONS } from '../../src/config/option-table.ts'
import { decodeValue, encodeOnly, fromBuffers, toBuffers } from '../../src/values/codec.ts'
import type { RunInputs, RunResult } from '../../src/model/run.ts'
import type { CapturedSubmission } from '../../kernel/session/protocol.ts'
import { NotebookSession } from './notebook-session.ts'

let notebook: NotebookSession
beforeAll(async () => {
  notebook = new NotebookSession()
  await notebook.run('const points = new Float64Array([1, 2, 3]); const scale = 2; function helper(x: number) { return x * scale }')
})
afterAll(() => notebook.close())

function captureCell(source: string) {
  return notebook.client.ask<CapturedSubmission>({
    type: 'capture-cell', analysis: analyzeCell(source), extraInputs: [], extraOutputs: [], parameterValues: {}, options: DEFAULT_RUN_OPTIONS, kind: 'task', name: 'sum', runName: 'sum',
  })
}

function resultBuffers(result: Partial<RunResult>): Uint8Array[] {
  return toBuffers(encodeOnly({ value: undefined, outputs: {}, functionSources: {}, ...result }))
}

test('a cell is captured with its data, its helpers and what they use', async () => {
  const { value, buffers } = await captureCell('import { join } from "node:path"\nconst total = points.reduce((sum, x) => sum + helper(x), 0); const label = join("a", "b")')
  expect(value.outputs).toEqual(['total', 'label'])
  expect(value.submission.code.definitions.map((definition) => definition.name)).toEqual(['helper'])
  const inputs = decodeValue(fromBuffers(buffers)!) as RunInputs
  expect(inputs.captured).toEqual({ points: new Float64Array([1, 2, 3]), scale: 2 })
  expect(value.submission.environment.cwd).toBe(notebook.folder)
  expect(await notebook.value('join("x", "y")')).toBe("'x/y'")
})

test('changing a captured value in place is refused with the two ways out', async () => {
  await expect(captureCell('points.fill(0)')).rejects.toMatchObject({ code: 'MUTATES_INPUT' })
})

test('outputs are bound, all or none', async () => {
  const buffers = resultBuffers({ outputs: { total: 12, other: [1] } })
  await notebook.client.ask({ type: 'bind', runShortId: 'r1', names: { total: 'total', other: 'renamed' } }, buffers)
  expect(await notebook.value('[total, renamed]')).toBe('[ 12, [ 1 ] ]')
  const wrong = notebook.client.ask({ type: 'bind', runShortId: 'r1', names: { total: 'fresh', missing: 'missing' } }, buffers)
  await expect(wrong).rejects.toMatchObject({ code: 'CANNOT_BIND' })
  expect(await notebook.value('typeof fresh')).toBe("'undefined'")
})

test('a function of a task cell comes back, sees the notebook, and can travel again', async () => {
  const buffers = resultBuffers({ functionSources: { doubled: 'doubled = (x) => helper(x) + total;' } })
  await notebook.client.ask({ type: 'bind', runShortId: 'r2', names: { doubled: 'doubled' } }, buffers)
  expect(await notebook.value('total = 1; [doubled(2), doubled.name]')).toBe("[ 5, 'doubled' ]")
  const { value } = await captureCell('const again = doubled(1)')
  expect(value.submission.code.definitions.map((definition) => definition.name).sort()).toEqual(['doubled', 'helper'])
})

test('an instance of a notebook class comes back as one', async () => {
  await notebook.run('class Model { weight = 3; twice() { return this.weight * 2 } }\nconst model = new Model()')
  const { buffers } = await captureCell('const copy = model')
  class Model { weight = 3 }
  const inputs = decodeValue(fromBuffers(buffers)!, { classNamed: () => Model }) as RunInputs
  const result = toBuffers(encodeOnly({ value: undefined, outputs: inputs.captured, functionSources: {} }, { nameOfClass: () => 'Model' }))
  await notebook.client.ask({ type: 'bind', runShortId: 'r3', names: { model: 'returned' } }, result)
  expect(await notebook.value('[returned instanceof Model, returned.twice()]')).toBe('[ true, 6 ]')
})

test('the value of a result is shown as the cell would show it', async () => {
  const { value } = await notebook.client.ask<{ data: Record<string, string> }>({ type: 'show-result' }, resultBuffers({ value: [{ a: 1 }] }))
  expect(Object.keys(value.data)).toEqual(['text/html', 'text/plain'])
  expect((await notebook.client.ask({ type: 'show-result' }, resultBuffers({}))).value).toBe(null)
})

test('a function becomes a task, and a call of it is captured by parameter names', async () => {
  await notebook.run('const embed = async ({ neighbors = 15, minDist = 0.1 }) => points.length * neighbors + minDist')
  const made = await notebook.client.ask<string[]>({ type: 'make-tasks', names: ['embed'], kind: 'task', options: { retries: 2 }, taskName: null })
  expect(made.value).toEqual(['embed'])
  const { value, buffers } = await notebook.client.ask<CapturedSubmission>({ type: 'capture-call', target: 'embed', parameters: { neighbors: 30 }, options: { ...DEFAULT_RUN_OPTIONS, timeoutMs: 5_000 } })
  expect(value.submission).toMatchObject({ kind: 'task', name: 'embed', options: { retries: 2, timeoutMs: 5_000 } })
  expect(decodeValue(fromBuffers(buffers)!)).toMatchObject({ args: [{ neighbors: 30 }], captured: { points: new Float64Array([1, 2, 3]) } })
  await expect(notebook.client.ask({ type: 'make-tasks', names: ['nobody'], kind: 'task', options: {}, taskName: null })).rejects.toMatchObject({ code: 'NO_SUCH_NAME' })
})
