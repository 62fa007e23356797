/** Output on its way out, with the broadcasts recorded instead of sent. */
import { expect, test } from 'vitest'
import { Comms } from '../../../kernel/comms.ts'
import { InputDesk } from '../../../kernel/input-desk.ts'
import type { KernelIo } from '../../../kernel/io.ts'
import { OutputRouter } from '../../../kernel/output-router.ts'
import { createHeaderSource, type JupyterMessage } from '../../../kernel/wire/message.ts'

interface Sent {
  type: string
  content: any
  parent: string | undefined
}

const headerOf = createHeaderSource()
const request = (): JupyterMessage => ({ identities: [], header: headerOf('execute_request'), parentHeader: {}, metadata: {}, content: {}, buffers: [] })
const beginning = { executionCount: 1, isSilent: false, allowStdin: true }

function setUp(): { router: OutputRouter; sent: Sent[]; io: KernelIo; desk: InputDesk } {
  const sent: Sent[] = []
  const io: KernelIo = {
    publish: (type, content, parent) => void sent.push({ type, content, parent: parent.msg_id }),
    reply: () => undefined,
    ask: (asked, type, content) => {
      sent.push({ type, content, parent: asked.header.msg_id })
      return `q${sent.length}`
    },
  }
  const desk = new InputDesk(io)
  return { router: new OutputRouter(io, desk), sent, io, desk }
}

test('text goes out by itself after a moment, without a reply or a display to push it', async () => {
  const { router, sent } = setUp()
  const cell = request()
  router.begin(cell, beginning)
  router.outputOf(cell.header.msg_id).stream('stdout', 'a')
  router.outputOf(cell.header.msg_id).stream('stdout', 'b')
  expect(sent).toEqual([])
  while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(sent).toEqual([{ type: 'stream', content: { name: 'stdout', text: 'ab' }, parent: cell.header.msg_id }])
})

test('text of two cells that print at once is never mixed', () => {
  const { router, sent } = setUp()
  const cells = [request(), request()]
  for (const cell of cells) router.begin(cell, beginning)
  for (let n = 0; n < 3; n += 1) for (const cell of cells) router.outputOf(cell.header.msg_id).stream('stdout', `${n}`)
  router.flush()
  expect(sent.map(({ parent, content }) => [cells.findIndex((cell) => cell.header.msg_id === parent), content.text])).toEqual([
    [0, '0'], [1, '0'], [0, '1'], [1, '1'], [0, '2'], [1, '2'],
  ])
})

test('a cell that prints for ever ends with a line that says so, not with a full memory', () => {
  const { router, sent } = setUp()
  const cell = request()
  router.begin(cell, beginning)
  const megabytes = 'x'.repeat(50_000_000)
  for (let n = 0; n < 6; n += 1) router.outputOf(cell.header.msg_id).stream('stdout', megabytes)
  router.flush()
  expect(sent.reduce((sum, { content }) => sum + content.text.length, 0)).toBeLessThan(201_000_000)
  expect(sent.at(-1)!.content).toMatchObject({ name: 'stderr', text: expect.stringContaining('the rest is not shown') })
})

test('output before any cell ran has no parent and is not lost', () => {
  const { router, sent } = setUp()
  router.outputOf('never-seen').display({ 'text/plain': 'x' }, {}, null, false)
  expect(sent).toMatchObject([{ type: 'display_data', parent: undefined }])
})

test('a result in a silent cell stays silent', () => {
  const { router, sent } = setUp()
  const cell = request()
  router.begin(cell, { ...beginning, isSilent: true })
  router.outputOf(cell.header.msg_id).result({ 'text/plain': '1' }, {})
  expect(sent).toEqual([])
})

test('two questions are open at once and each gets its own answer; old clients answer the oldest', async () => {
  const { router, desk, sent } = setUp()
  const cell = request()
  router.begin(cell, beginning)
  const answers = ['one', 'two', 'three'].map((prompt) => router.requestInput(cell.header.msg_id, prompt, prompt === 'two'))
  await Promise.resolve()
  expect(sent.map(({ content }) => content)).toMatchObject([{ prompt: 'one', password: false }, { prompt: 'two', password: true }, { prompt: 'three' }])
  desk.answer({ ...request(), parentHeader: { ...headerOf('input_request'), msg_id: 'q2' }, content: { value: 'B' } })
  desk.answer({ ...request(), content: { value: 'A' } })
  expect(await answers[1]).toBe('B')
  expect(await answers[0]).toBe('A')
  desk.cancelAll()
  await expect(answers[2]).rejects.toThrow(/Interrupted/)
})

test('comms of a lost session are closed at the front end, those of the kernel live on', () => {
  const { io, sent } = setUp()
  const comms = new Comms(io, () => ({}), () => undefined)
  comms.register('kernel.target', () => ({}))
  comms.connectSession(() => undefined)
  comms.receive('comm_open', { comm_id: 'k', target_name: 'kernel.target', data: {} }, [])
  comms.receive('comm_open', { comm_id: 's', target_name: 'user.target', data: {} }, [])
  comms.dropSession()
  expect(sent).toMatchObject([{ type: 'comm_close', content: { comm_id: 's' } }])
  expect(comms.info(null)).toEqual({ status: 'ok', comms: { k: { target_name: 'kernel.target' } } })
})

test('a target that throws at open closes the comm with the reason', () => {
  const { io, sent } = setUp()
  const comms = new Comms(io, () => ({}), () => undefined)
  comms.register('bad', () => {
    throw new Error('no such run r9')
  })
  comms.receive('comm_open', { comm_id: 'b', target_name: 'bad', data: {} }, [])
  expect(sent).toMatchObject([{ type: 'comm_close', content: { comm_id: 'b', data: { error: 'no such run r9' } } }])
  expect(() => comms.register('bad', () => ({}))).toThrow(/registered twice/)
})

test('a comm that the kernel opens speaks both ways and closes once', () => {
  const { io, sent } = setUp()
  const heard: unknown[] = []
  const comms = new Comms(io, () => ({}), () => undefined)
  const line = comms.open('labflow.card', { a: 1 }, { onMessage: (data) => heard.push(data), onClose: () => heard.push('closed') })
  comms.receive('comm_msg', { comm_id: line.commId, data: 'hi' }, [])
  line.send({ b: 2 })
  line.close()
  line.close()
  line.send({ c: 3 })
  comms.receive('comm_close', { comm_id: line.commId, data: {} }, [])
  expect(sent.map(({ type }) => type)).toEqual(['comm_open', 'comm_msg', 'comm_close'])
  expect(heard).toEqual(['hi'])
})
