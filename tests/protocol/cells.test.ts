/** Cells over the wire, against a notebook that obeys a script: what a front end sees, in which order. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { treeRoot } from '../../src/entry.ts'
import { JupyterClient, type ClientMessage } from '../support/jupyter-client.ts'

const entry = join(treeRoot, 'tests/support/scripted-notebook.ts')
const typesOf = (messages: ClientMessage[]): string[] =>
  messages.map(({ header, content }) => (header.msg_type === 'status' ? content['execution_state'] : header.msg_type))

describe('cells', () => {
  let kernel: JupyterClient
  beforeAll(async () => {
    kernel = await JupyterClient.start({ entry })
  })
  afterAll(() => kernel.stop())

  test('a cell answers busy, input, output, result, idle in this order and counts up', async () => {
    const first = await kernel.run('print hi\nresult 2')
    expect(typesOf(first.iopub)).toEqual(['busy', 'execute_input', 'stream', 'execute_result', 'idle'])
    const second = await kernel.run('result 3')
    expect(second.reply.content['execution_count']).toBe(first.reply.content['execution_count'] + 1)
    expect(second.iopub.find((m) => m.header.msg_type === 'execute_result')!.content).toMatchObject({ data: { 'text/plain': '3' }, execution_count: second.reply.content['execution_count'] })
  })

  test('10,000 printed lines all arrive, in order, in few messages, with one idle', async () => {
    const { iopub, stdout } = await kernel.run('lines 10000')
    expect(stdout).toBe(Array.from({ length: 10_000 }, (_, n) => `${n}\n`).join(''))
    expect(iopub.filter((m) => m.header.msg_type === 'stream').length).toBeLessThan(50)
    expect(typesOf(iopub).filter((type) => type === 'idle')).toHaveLength(1)
  })

  test('2,000 displays in one turn all arrive (zeromq.js takes only 512 sends unawaited)', async () => {
    const { iopub } = await kernel.run(Array(2_000).fill('show html').join('\n'))
    expect(iopub.filter((m) => m.header.msg_type === 'display_data')).toHaveLength(2_000)
    expect(typesOf(iopub).at(-1)).toBe('idle')
  })

  test('text, errors and pictures keep the order in which the cell made them', async () => {
    const { iopub } = await kernel.run('print a\nerror-text b\nprint c\nshow html\nprint d')
    const seen = iopub.filter((m) => ['stream', 'display_data'].includes(m.header.msg_type)).map((m) => m.content['text'] ?? 'picture')
    expect(seen).toEqual(['a\n', 'b\n', 'c\n', 'picture', 'd\n'])
  })

  test('a text of 5 MB comes in pieces that never cut a character in two', async () => {
    const { iopub, stdout } = await kernel.run('big 1300001')
    expect(stdout).toBe('𝛼'.repeat(1_300_001))
    expect(iopub.filter((m) => m.header.msg_type === 'stream').every((m) => m.content['text'].isWellFormed() && m.content['text'].length <= 1_000_000)).toBe(true)
  })

  test('half a character in a result does not lose the message on its way through Python', async () => {
    const { iopub } = await kernel.run('surrogate')
    expect(iopub.find((m) => m.header.msg_type === 'execute_result')!.content['data']['text/plain']).toBe('a\ufffdb \\ud800 😀')
  })

  test('a display with an id is updated in place, and output is cleared', async () => {
    const { iopub } = await kernel.run('show first\nshow update\nclear wait')
    const shown = iopub.filter((m) => /display|clear/.test(m.header.msg_type)).map((m) => [m.header.msg_type, m.content['transient']?.display_id ?? m.content['wait']])
    expect(shown).toEqual([['display_data', 'card'], ['update_display_data', 'card'], ['clear_output', true]])
  })

  test('an error is an error message with name, text and traceback, and the reply says the same', async () => {
    const { reply, iopub } = await kernel.run('fail no such row')
    const error = iopub.find((m) => m.header.msg_type === 'error')!
    expect(error.content).toMatchObject({ ename: 'TypeError', evalue: 'no such row' })
    expect(error.content['traceback'].join('\n')).toMatch(/TypeError.*no such row[^]*cell-1\.ts:1:1/)
    expect(reply.content).toMatchObject({ status: 'error', ename: 'TypeError', evalue: 'no such row' })
  })

  test('cells queued behind an error are aborted, later ones run again', async () => {
    kernel.send('comm_open', { comm_id: 'gate', target_name: 'test.kernel', data: {} })
    const failing = kernel.sendCell('wait\nfail stop here')
    const behind = [kernel.sendCell('print never'), kernel.sendCell('print never')]
    kernel.send('comm_msg', { comm_id: 'gate', data: 'go' })
    expect((await kernel.runOf(failing)).reply.content['status']).toBe('error')
    for (const id of behind) {
      const { reply, stdout } = await kernel.runOf(id)
      expect(reply.content['status']).toBe('aborted')
      expect(stdout).toBe('')
    }
    expect((await kernel.run('print again')).stdout).toBe('again\n')
  })

  test('cells queued behind an error run when the client asked for that', async () => {
    const failing = kernel.sendCell('fail go on', { stop_on_error: false })
    const behind = kernel.sendCell('print still')
    expect((await kernel.runOf(failing)).reply.content['status']).toBe('error')
    expect((await kernel.runOf(behind)).stdout).toBe('still\n')
  })

  test('a cell sent right after an error was seen runs: only what was queued before is aborted', async () => {
    for (let round = 0; round < 20; round += 1) {
      await kernel.runOf(kernel.sendCell('fail here'))
      expect((await kernel.run('print next')).reply.content['status']).toBe('ok')
    }
  })

  test('a silent cell neither counts nor shows its result', async () => {
    const before = (await kernel.run('print x')).reply.content['execution_count']
    const { reply, iopub } = await kernel.run('result 5', { silent: true })
    expect(typesOf(iopub)).toEqual(['busy', 'idle'])
    expect(reply.content).toMatchObject({ status: 'ok', execution_count: before })
  })

  test('an empty cell answers ok and does not count', async () => {
    const before = (await kernel.run('print x')).reply.content['execution_count']
    expect((await kernel.run('  \n')).reply.content).toMatchObject({ status: 'ok', execution_count: before })
  })

  test('1,000 cells sent at once all run, in the order sent', async () => {
    const ids = Array.from({ length: 1_000 }, (_, n) => kernel.sendCell(`print ${n}`))
    await kernel.idle(ids.at(-1)!)
    const runs = await Promise.all(ids.map((id) => kernel.runOf(id)))
    expect(runs.map(({ stdout }) => stdout)).toEqual(ids.map((_, n) => `${n}\n`))
    const counts = runs.map(({ reply }) => reply.content['execution_count'] as number)
    expect(counts).toEqual(counts.map((_, n) => counts[0]! + n))
  })

  test('late output goes to the cell that caused it, not to the newest', async () => {
    const first = kernel.sendCell('print early')
    await kernel.runOf(first)
    const second = kernel.sendCell(`late ${first} tick`)
    const { stdout } = await kernel.runOf(second)
    expect(stdout).toBe('')
    expect((await kernel.published(first, (m) => m.content['text'] === 'tick')).header.msg_type).toBe('stream')
  })

  test('output of nobody goes to the newest cell', async () => {
    expect((await kernel.run('late newest orphan')).stdout).toBe('orphan')
  })

  test('a question waits for the answer of the same front end', async () => {
    const cell = kernel.sendCell('ask name?')
    const question = await kernel.inboxes.stdin.find((m) => m.parent_header.msg_id === cell, 'input_request')
    expect(question.content).toEqual({ prompt: 'name?', password: false })
    kernel.send('input_reply', { value: 'stale' }, { channel: 'stdin', parent: { msg_id: 'another' } })
    kernel.send('input_reply', { value: 'Ada' }, { channel: 'stdin', parent: question.header })
    expect((await kernel.runOf(cell)).stdout).toBe('hello Ada')
  })

  test('interrupt ends a question that nobody answers', async () => {
    const cell = kernel.sendCell('ask anyone?')
    await kernel.inboxes.stdin.find((m) => m.parent_header.msg_id === cell, 'input_request')
    await kernel.request('interrupt_request', {}, 'control')
    expect((await kernel.runOf(cell)).reply.content['evalue']).toMatch(/[Ii]nterrupted/)
  })

  test('a front end that cannot ask gets an error instead of a cell that hangs', async () => {
    const { reply } = await kernel.run('ask name?', { allow_stdin: false })
    expect(reply.content['evalue']).toMatch(/cannot ask for input.*name\?/)
  })

  test('name? opens a page with what is known of the name', async () => {
    const { reply } = await kernel.run('known?')
    expect(reply.content['payload']).toEqual([{ source: 'page', data: { 'text/plain': 'known at 5' }, start: 0 }])
    expect((await kernel.run('?other')).reply.content['payload'][0].data['text/plain']).toMatch(/Nothing is known of other/)
  })

  test('a stray exception inside the kernel is logged and costs nobody their variables', async () => {
    await kernel.run('stray')
    expect((await kernel.run('print alive')).stdout).toBe('alive\n')
  })
})
