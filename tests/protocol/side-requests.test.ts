/** Requests beside a running cell, over the wire: answered at once, and the front end never shows Idle in mid-run. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { treeRoot } from '../../src/entry.ts'
import { JupyterClient } from '../support/jupyter-client.ts'

const entry = join(treeRoot, 'tests/support/scripted-notebook.ts')
let kernel: JupyterClient
beforeAll(async () => {
  kernel = await JupyterClient.start({ entry })
})
afterAll(() => kernel.stop())

/** A cell that runs until told; resolves when it runs. */
async function startWaitingCell(): Promise<string> {
  const cell = kernel.sendCell('print running\nwait')
  await kernel.published(cell, (message) => message.header.msg_type === 'stream', 'its text')
  return cell
}

test('completion, inspection, history, comms and kernel_info are answered while a cell runs, and Lab still shows Busy', async () => {
  const cell = await startWaitingCell()
  for (const [type, content] of [
    ['complete_request', { code: 'a.', cursor_pos: 2 }],
    ['inspect_request', { code: 'known', cursor_pos: 2, detail_level: 0 }],
    ['is_complete_request', { code: 'f() {' }],
    ['history_request', { output: false, raw: true, hist_access_type: 'tail', n: 1 }],
    ['comm_info_request', {}],
    ['kernel_info_request', {}],
  ] as const) {
    const from = kernel.inboxes.iopub.messages.length
    const id = kernel.send(type, content)
    expect((await kernel.reply(id)).header.msg_type).toBe(type.replace('request', 'reply'))
    await kernel.inboxes.iopub.find((message) => kernel.inboxes.iopub.messages.indexOf(message) >= from && message.parent_header.msg_id === cell && message.content['execution_state'] === 'busy', 'busy again')
    expect(kernel.states(from)).toEqual([{ state: 'busy', parent: id }, { state: 'idle', parent: id }, { state: 'busy', parent: cell }])
  }
  await kernel.request('interrupt_request', {}, 'control')
  await kernel.idle(cell)
  expect(kernel.states().at(-1)).toEqual({ state: 'idle', parent: cell })
})

test('interrupt stops the running cell and aborts what is queued', async () => {
  const cell = await startWaitingCell()
  const queued = kernel.sendCell('print never')
  expect((await kernel.request('interrupt_request', {}, 'control')).content).toEqual({ status: 'ok' })
  expect((await kernel.reply(cell)).content['status']).toBe('error')
  expect((await kernel.reply(queued)).content['status']).toBe('aborted')
})

test('the heartbeat beats while a cell runs', async () => {
  const cell = await startWaitingCell()
  expect(await kernel.heartbeat('ping')).toBe('ping')
  await kernel.request('interrupt_request', {}, 'control')
  await kernel.idle(cell)
})

test('a message to a comm of the kernel is handled while a cell waits for it', async () => {
  const cell = await startWaitingCell()
  kernel.send('comm_open', { comm_id: 'c1', target_name: 'test.kernel', data: { a: 1 } })
  const opened = await kernel.inboxes.iopub.find((m) => m.header.msg_type === 'comm_msg' && m.content['comm_id'] === 'c1', 'comm_msg')
  expect(opened.content['data']).toEqual({ opened: { a: 1 } })
  kernel.send('comm_msg', { comm_id: 'c1', data: 'hello' }, { buffers: [Buffer.from('xyz')] })
  await kernel.inboxes.iopub.find((m) => m.header.msg_type === 'comm_msg' && m.content['data'].echo === 'hello' && m.content['data'].bytes === 1, 'echo')
  kernel.send('comm_msg', { comm_id: 'c1', data: 'go' })
  expect((await kernel.reply(cell)).content['status']).toBe('ok')
  expect((await kernel.request('comm_info_request', {})).content['comms']).toEqual({ c1: { target_name: 'test.kernel' } })
  kernel.send('comm_close', { comm_id: 'c1', data: {} })
  expect((await kernel.request('comm_info_request', {})).content['comms']).toEqual({})
})

test('a comm of the session is listed, one that nobody knows is closed', async () => {
  kernel.send('comm_open', { comm_id: 'c2', target_name: 'test.session', data: {} })
  kernel.send('comm_open', { comm_id: 'c3', target_name: 'nobody', data: {} })
  await kernel.inboxes.iopub.find((m) => m.header.msg_type === 'comm_close' && m.content['comm_id'] === 'c3', 'comm_close')
  await kernel.inboxes.iopub.find((m) => m.header.msg_type === 'comm_msg' && m.content['comm_id'] === 'c2', 'answer of the session')
  const { content } = await kernel.request('comm_info_request', { target_name: 'test.session' })
  expect(content['comms']).toEqual({ c2: { target_name: 'test.session' } })
})

test('the cursor is counted in characters, so completion after an emoji lands right', async () => {
  const { content } = await kernel.request('complete_request', { code: 'f("😀😀"); x.an', cursor_pos: 13 })
  expect(content).toMatchObject({ status: 'ok', matches: ['answer'], cursor_start: 11, cursor_end: 13 })
  expect(content['metadata']._jupyter_types_experimental[0]).toMatchObject({ text: 'answer', type: 'property', start: 11, end: 13 })
})

test('is_complete and inspect answer in the shape of the protocol', async () => {
  expect((await kernel.request('is_complete_request', { code: 'if (x) {' })).content).toEqual({ status: 'incomplete', indent: '  ' })
  expect((await kernel.request('inspect_request', { code: 'nothing', cursor_pos: 3 })).content).toEqual({ status: 'ok', found: false, data: {}, metadata: {} })
})

test('history gives back this session by tail, range and search, results included when asked', async () => {
  await kernel.run('result 42')
  await kernel.run('print unlike')
  const tail = (await kernel.request('history_request', { output: false, raw: true, hist_access_type: 'tail', n: 2 })).content['history']
  expect(tail.map((entry: unknown[]) => entry[2])).toEqual(['result 42', 'print unlike'])
  const [session, line] = tail[0]
  const range = await kernel.request('history_request', { output: true, raw: true, hist_access_type: 'range', session: 0, start: line, stop: line + 1 })
  expect(range.content['history']).toEqual([[session, line, ['result 42', '42']]])
  const found = await kernel.request('history_request', { output: false, raw: true, hist_access_type: 'search', pattern: 'res*4?' })
  expect(found.content['history'].map((entry: unknown[]) => entry[2])).toEqual(['result 42'])
})
