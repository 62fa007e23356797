import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { EngineLab, valueOf } from '../support/engine-lab.ts'

let lab: EngineLab
afterEach(() => lab.close())

const CACHED = { cache: { expiresAfterMs: null } }
const RANDOM = 'ctx.print("computed\\n"); return Math.random()'

test('the same work again is answered from the cache, output included', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const first = await lab.run(client, RANDOM, { options: CACHED })
  const handle = await lab.submit(client, RANDOM, { options: CACHED })
  const outputs: unknown[] = []
  handle.onEvent((event) => {
    if (event.type === 'output') outputs.push(event.output)
  })
  const { run, result } = await handle.ended
  expect(valueOf(result)).toBe(first.value)
  expect(run.state).toMatchObject({ type: 'COMPLETED', name: 'Cached' })
  expect(run.cachedFrom).toMatchObject({ runId: first.run.id, shortId: 'r1' })
  expect(outputs).toEqual([{ type: 'stream', name: 'stdout', text: 'computed\n' }])
  expect(await client.outputs(run.id)).toEqual(outputs)
  expect(valueOf(await client.result('r2'))).toBe(first.value)
  expect((await client.get('r2')).cachedFrom?.shortId).toBe('r1')
})

test('nothing is cached unless told', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const first = await lab.run(client, RANDOM)
  expect((await lab.run(client, RANDOM)).value).not.toBe(first.value)
  expect((await lab.run(client, RANDOM, { options: CACHED })).run.cachedFrom).toBe(null)
})

test('a result older than the cache allows is computed again, and --refresh replaces a fresh one', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const first = await lab.run(client, RANDOM, { options: CACHED })
  const tooOld = await lab.run(client, RANDOM, { options: { cache: { expiresAfterMs: 0 } } })
  expect(tooOld.value).not.toBe(first.value)
  const kept = await lab.run(client, RANDOM, { options: CACHED, cacheKey: 'other' })
  const refreshed = await lab.run(client, RANDOM, { options: { ...CACHED, refresh: true }, cacheKey: 'other' })
  expect(refreshed.value).not.toBe(kept.value)
  expect((await lab.run(client, RANDOM, { options: CACHED, cacheKey: 'other' })).value).toBe(refreshed.value)
})

test('the same work asked for at the same time is computed once', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const runs = await Promise.all(Array.from({ length: 6 }, () => lab.run(client, RANDOM, { options: CACHED })))
  expect(new Set(runs.map((run) => run.value)).size).toBe(1)
  expect(runs.filter((run) => run.run.cachedFrom === null)).toHaveLength(1)
})

test('when the run that others wait for fails, the next of them computes', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const file = lab.path('tried')
  const source = `const { existsSync, writeFileSync } = await import('node:fs'); if (!existsSync('${file}')) { writeFileSync('${file}', ''); throw new Error('first') } return 8`
  const runs = await Promise.all(Array.from({ length: 3 }, () => lab.run(client, source, { options: CACHED })))
  expect(runs.map((run) => run.run.state.name).sort()).toEqual(['Cached', 'Completed', 'Failed'])
})

test('a result that changed on disk is computed again, never handed out', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const source = 'return new Uint8Array(400000).fill(3)'
  const first = await lab.run(client, source, { options: CACHED })
  const [shard] = readdirSync(join(lab.store, 'results'))
  const [name] = readdirSync(join(lab.store, 'results', shard!))
  writeFileSync(join(lab.store, 'results', shard!, name!), new Uint8Array(400000))
  await expect(client.result(first.run.id)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  const again = await lab.run(client, source, { options: CACHED })
  expect(again.run.cachedFrom).toBe(null)
  expect(again.buffers[0]?.every((byte) => byte === 3)).toBe(true)
  expect((await client.result(first.run.id))?.buffers[0]?.[0]).toBe(3)
})

test('a task that changed its input in place is not cached, and says so', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const source = 'ctx.mutated.push("arr"); return Math.random()'
  const first = await lab.run(client, source, { options: CACHED })
  expect(first.run.warnings[0]).toContain('arr')
  expect((await lab.run(client, source, { options: CACHED })).value).not.toBe(first.value)
})

test('a flow that is tried again keeps its finished task runs', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const { run, value } = await lab.run(client, 'const x = await ctx.call("return Math.random()"); if (ctx.attempt === 1) throw new Error(String(x)); return x', { kind: 'flow', options: { retries: 1 } })
  expect(run.state.type).toBe('COMPLETED')
  const children = await client.list({ parentRunId: run.id })
  expect(children.map((child) => child.state.name).sort()).toEqual(['Cached', 'Completed'])
  expect(valueOf(await client.result(children[0]!.id))).toBe(value)
})
