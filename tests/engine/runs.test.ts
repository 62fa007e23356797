import { existsSync, readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { EngineLab, until } from '../support/engine-lab.ts'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import type { RunEvent } from '../../src/model/run.ts'
import type { RunEnded } from '../../src/wire/engine-protocol.ts'

let lab: EngineLab
afterEach(() => lab.close())

test('a task runs in a worker and its result comes back', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const handle = await lab.submit(client, 'ctx.print("hello\\n"); ctx.log("half way"); ctx.progress(50); return ctx.inputs.a + 1', { inputs: { a: 41 } })
  const events: (RunEvent | RunEnded)[] = []
  handle.onEvent((event) => events.push(event))
  const { run, result } = await handle.ended
  expect(run.state.type).toBe('COMPLETED')
  expect(Buffer.from(result!.header).toString()).toBe('42')
  expect(run.shortId).toBe('r1')
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1))
  expect(events.filter((event) => event.type === 'state').map((event) => event.state.name)).toEqual(['Starting', 'Running', 'Completed'])
  expect(events.at(-1)?.type).toBe('end')
  expect(events.find((event) => event.type === 'progress')).toMatchObject({ progress: { done: 50 } })
  expect(await client.outputs(run.id)).toEqual([{ type: 'stream', name: 'stdout', text: 'hello\n' }])
  expect((await client.logs(run.id)).lines.map((line) => line.message)).toEqual(['hello', 'half way'])
})

test('a large result comes back from its file, whole', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const bytes = new Uint8Array(1_500_000).fill(7)
  const { run, buffers } = await lab.run(client, 'return Uint8Array.from(ctx.inputBytes, (x) => x * 2)', { bytes })
  expect(run.hasResult).toBe(true)
  expect(buffers[0]?.byteLength).toBe(1_500_000)
  expect(buffers[0]?.every((byte) => byte === 14)).toBe(true)
  const again = await client.result(run.id)
  expect(Buffer.from(again!.buffers[0]!).equals(Buffer.from(buffers[0]!))).toBe(true)
})

test('a task that fails twice succeeds at its third attempt', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const { run, value } = await lab.run(client, 'if (ctx.attempt < 3) throw new TypeError("not yet"); return ctx.attempt', { options: { retries: 2, retryDelay: { kind: 'list', delaysMs: [5] } } })
  expect(run.state.type).toBe('COMPLETED')
  expect(value).toBe(3)
})

test('an error that --retry-on does not name fails at once, with its words', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const { run } = await lab.run(client, 'throw new RangeError("too far")', { options: { retries: 5, retryOn: ['TypeError'] } })
  expect(run.state.type).toBe('FAILED')
  expect(run.attempt).toBe(1)
  expect(run.error).toMatchObject({ name: 'RangeError', message: 'too far' })
})

test('a timeout ends a loop that never yields', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const { run } = await lab.run(client, 'for (;;) {}', { options: { timeoutMs: 50 } })
  expect(run.state).toMatchObject({ type: 'FAILED', name: 'TimedOut' })
  expect(run.error?.message).toContain('0.05 s')
})

test('cancel ends a loop that never yields, and its children', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const file = lab.path('pids')
  const handle = await lab.submit(client,
    `const { spawn } = await import('node:child_process'); const { writeFileSync, renameSync } = await import('node:fs');
     const child = spawn('sleep', ['600'], { detached: true });
     writeFileSync('${file}.tmp', process.pid + ' ' + child.pid); renameSync('${file}.tmp', '${file}'); for (;;) {}`)
  await until(() => existsSync(file))
  const pids = readFileSync(file, 'utf8').split(' ').map(Number)
  expect((await handle.cancel('enough')).state.type).toBe('CANCELLING')
  const { run } = await handle.ended
  expect(run.state).toMatchObject({ type: 'CANCELLED', message: 'enough' })
  await until(() => pids.every((pid) => !isSameProcess(pid, null)))
})

test('a cancelled run that waits in line never starts', async () => {
  lab = new EngineLab({ LABFLOW_SLOTS: '1' })
  const client = await lab.client()
  const file = lab.path('go')
  const wait = `const { existsSync } = await import('node:fs'); while (!existsSync('${file}')) await new Promise((r) => setTimeout(r, 5));`
  const first = await lab.submit(client, wait)
  const second = await lab.submit(client, 'return 1')
  await second.cancel()
  expect((await second.ended).run).toMatchObject({ state: { type: 'CANCELLED' }, attempt: 0 })
  await first.cancel()
  expect((await first.ended).run.state.type).toBe('CANCELLED')
})

test('a killed worker is CRASHED, and tried again when retries are left', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const crashed = await lab.run(client, 'process.kill(process.pid, "SIGKILL"); for (;;) {}')
  expect(crashed.run.state).toMatchObject({ type: 'CRASHED' })
  expect(crashed.run.error?.message).toContain('SIGKILL')
  const retried = await lab.run(client, 'if (ctx.attempt === 1) process.kill(process.pid, "SIGKILL"); return ctx.attempt', { options: { retries: 1 } })
  expect(retried.run.state.type).toBe('COMPLETED')
  expect(retried.value).toBe(2)
})

test('tasks that wait for tasks do not wait for ever on one slot', async () => {
  lab = new EngineLab({ LABFLOW_SLOTS: '1' })
  const client = await lab.client()
  const nested = 'return await ctx.call("return await ctx.call(\\"return 5\\")")'
  const runs = await Promise.all([lab.run(client, nested), lab.run(client, nested), lab.run(client, nested, { kind: 'flow' })])
  expect(runs.map((run) => run.value)).toEqual([5, 5, 5])
  const children = await client.list({ parentRunId: runs[0]!.run.id })
  expect(children).toHaveLength(1)
  expect(children[0]?.name).toBe('nested')
})

test('cancelling a flow cancels what it submitted', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const flow = await lab.submit(client, 'return await ctx.call("for (;;) {}")', { kind: 'flow' })
  let child: string | null = null
  flow.onEvent((event) => {
    if (event.type === 'child') child = event.child.id
  })
  await until(() => child !== null)
  await flow.cancel()
  expect((await flow.ended).run.state.type).toBe('CANCELLED')
  await until(async () => (await client.get(child!)).state.type === 'CANCELLED')
})

test('a flow nested beyond the limit is refused in words instead of hanging', async () => {
  lab = new EngineLab({ LABFLOW_MAX_PARKED: '1' })
  const client = await lab.client()
  const { run } = await lab.run(client, 'return await ctx.call("return 1", null, { kind: "flow" })', { kind: 'flow' })
  expect(run.state.type).toBe('FAILED')
  expect(run.error?.message).toContain('LABFLOW_MAX_PARKED')
})

test('a thousand runs at once all complete, each once', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const handles = await Promise.all(Array.from({ length: 1000 }, (_, index) => lab.submit(client, 'return ctx.inputs * 2', { inputs: index })))
  const outcomes = await Promise.all(handles.map((handle) => handle.ended))
  expect(outcomes.map(({ result }) => JSON.parse(Buffer.from(result!.header).toString()) as number)).toEqual(Array.from({ length: 1000 }, (_, index) => index * 2))
  expect(new Set(outcomes.map(({ run }) => run.shortId)).size).toBe(1000)
})

test('a run that says nothing logs that it still runs', async () => {
  lab = new EngineLab({ LABFLOW_SILENT_MS: '100' })
  const client = await lab.client()
  const handle = await lab.submit(client, 'await new Promise((resolve) => ctx.signal.addEventListener("abort", resolve))')
  const line = await new Promise<string>((resolve) => {
    handle.onEvent((event) => {
      if (event.type === 'log') resolve(event.message)
    })
  })
  expect(line).toContain('still running')
  await handle.cancel()
  await handle.ended
})

test('printing from a busy loop arrives whole and in order', async () => {
  lab = new EngineLab()
  const client = await lab.client()
  const handle = await lab.submit(client, 'for (let i = 0; i < 20000; i++) ctx.print("line " + i + "\\n")')
  let text = ''
  handle.onEvent((event) => {
    if (event.type === 'output' && event.output.type === 'stream') text += event.output.text
  })
  const { run } = await handle.ended
  const whole = Array.from({ length: 20000 }, (_, index) => `line ${index}\n`).join('')
  expect(text === whole).toBe(true)
  const [kept] = await client.outputs(run.id)
  expect(kept?.type === 'stream' && kept.text === whole).toBe(true)
})
