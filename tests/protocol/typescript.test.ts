/** TypeScript cells through the whole kernel, over the wire: what a researcher does and what used to go wrong elsewhere. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { treeRoot } from '../../src/entry.ts'
import { JupyterClient } from '../support/jupyter-client.ts'

let kernel: JupyterClient
beforeAll(async () => {
  kernel = await JupyterClient.start({ entry: join(treeRoot, 'kernel/main.ts'), environment: { LABFLOW_HOME: '' } })
})
afterAll(() => kernel.stop())

const plainTraceback = (content: Record<string, any>): string => content['traceback'].join('\n').replace(/\u001b\[[\d;]*m/g, '')

test('a variable of one cell is there in the next, redeclared with another type', async () => {
  await kernel.run('const rows: number[] = [1, 2, 3]')
  const { iopub } = await kernel.run('rows.length')
  expect(iopub.find((m) => m.header.msg_type === 'execute_result')!.content['data']['text/plain']).toBe('3')
  const again = await kernel.run("const rows = 'text'; rows.toUpperCase()")
  expect(again.iopub.find((m) => m.header.msg_type === 'execute_result')!.content['data']['text/plain']).toContain('TEXT')
})

test('10,000 lines from a busy loop arrive whole, in order, with one idle', async () => {
  const { stdout, iopub } = await kernel.run('for (let i = 0; i < 10_000; i++) console.log(i)')
  expect(stdout).toBe(Array.from({ length: 10_000 }, (_, n) => `${n}\n`).join(''))
  expect(iopub.filter((m) => m.content['execution_state'] === 'idle')).toHaveLength(1)
})

test.each([
  ['a busy loop', "console.log('in'); while (true) {}"],
  ['a busy loop after an await', "await 1; console.log('in'); while (true) {}"],
  ['a promise that never settles', "console.log('in'); await new Promise(() => {})"],
])('interrupt stops %s and keeps every variable', async (_, code) => {
  await kernel.run('const kept = 41')
  const cell = kernel.sendCell(code)
  await kernel.published(cell, (m) => m.header.msg_type === 'stream', 'its text')
  await kernel.request('interrupt_request', {}, 'control')
  expect((await kernel.runOf(cell)).reply.content['status']).toBe('error')
  const { iopub } = await kernel.run('kept + 1')
  expect(iopub.find((m) => m.header.msg_type === 'execute_result')!.content['data']['text/plain']).toBe('42')
})

test('completion and inspection answer while a cell spins, names of the same unrun cell included', async () => {
  const cell = kernel.sendCell("console.log('in'); while (true) {}")
  await kernel.published(cell, (m) => m.header.msg_type === 'stream', 'its text')
  const code = 'const 数 = "😀"; const emoji😀 = 1'.slice(0, 15) + '; 数.toUpp'
  const { content } = await kernel.request('complete_request', { code, cursor_pos: [...code].length })
  expect(content['matches']).toContain('toUpperCase')
  expect([...code].slice(content['cursor_start'], content['cursor_end']).join('')).toBe('toUpp')
  expect((await kernel.request('inspect_request', { code: 'Math.max', cursor_pos: 8, detail_level: 0 })).content).toMatchObject({ status: 'ok', found: true })
  await kernel.request('interrupt_request', {}, 'control')
  await kernel.idle(cell)
})

test('an error names the line of the cell, not lines of ours', async () => {
  const { reply } = await kernel.run('const a = 1\n\nfunction fails(): never {\n  throw new RangeError("too far")\n}\nfails()')
  const text = plainTraceback(reply.content)
  expect(reply.content).toMatchObject({ ename: 'RangeError', evalue: 'too far' })
  expect(text.match(/RangeError: too far/g)).toHaveLength(1)
  expect(text).toMatch(/line 4/)
  expect(text).not.toMatch(/node:internal|kernel\/session|evalmachine/)
})

test('a syntax error says where, with name and message, and the kernel goes on', async () => {
  const { reply } = await kernel.run('const x = 1\nconst = 2')
  expect(reply.content).toMatchObject({ status: 'error', ename: 'SyntaxError' })
  expect(plainTraceback(reply.content)).toMatch(/2:|line 2/)
})

test('text of a timer goes to the cell that set it, also when another cell ran since', async () => {
  const first = kernel.sendCell("let isNextHere = false; const timer = setInterval(() => { if (!isNextHere) return; clearInterval(timer); console.log('tick') }, 1); 1")
  await kernel.runOf(first)
  await kernel.run('isNextHere = true')
  expect((await kernel.published(first, (m) => m.header.msg_type === 'stream', 'tick')).content['text']).toBe('tick\n')
})

test('text of a child process that inherits stdout is shown', async () => {
  const cell = kernel.sendCell("import { execSync } from 'node:child_process'\nexecSync('echo from a child', { stdio: 'inherit' })")
  await kernel.published(cell, (m) => m.header.msg_type === 'stream' && m.content['text'].includes('from a child'), 'text of the child')
})

test('prompt() asks the person at the notebook', async () => {
  const cell = kernel.sendCell("const who = await prompt('name?'); console.log('hello ' + who)")
  const question = await kernel.inboxes.stdin.find((m) => m.parent_header.msg_id === cell, 'input_request')
  kernel.send('input_reply', { value: 'Ada' }, { channel: 'stdin', parent: question.header })
  expect((await kernel.runOf(cell)).stdout).toBe('hello Ada\n')
})

test('user expressions are evaluated after the cell', async () => {
  const { reply } = await kernel.run('const ue = 20', { user_expressions: { twice: 'ue * 2', bad: 'no_such_name' } })
  expect(reply.content['user_expressions']).toMatchObject({ twice: { status: 'ok', data: { 'text/plain': '40' } }, bad: { status: 'error' } })
})

test('process.exit() in a cell ends the session with a word, not the kernel', async () => {
  const { reply } = await kernel.run('process.exit(3)')
  expect(reply.content['status']).toBe('error')
  expect(`${reply.content['evalue']}`).toMatch(/exit/i)
  expect((await kernel.run("console.log('alive')")).stdout).toBe('alive\n')
})
