/**
 * Entry of a kernel whose notebook obeys a tiny script instead of TypeScript, so that protocol tests say exactly
 * what the notebook does: one command a line (`print`, `lines`, `fail`, `wait`, `late`, `ask`, …).
 */
import type { CellOutcome, CellRequest, NotebookOptions, NotebookPort } from '../../kernel/contract.ts'
import { startKernel } from '../../kernel/start.ts'

/** Pictures, pages and updates by one word each. */
function show(options: NotebookOptions, cellId: string, kind: string): void {
  const output = options.output.outputOf(cellId)
  if (kind === 'html') output.display({ 'text/html': '<b>x</b>' }, {}, null, false)
  if (kind === 'first') output.display({ 'text/plain': 'one' }, {}, 'card', false)
  if (kind === 'update') output.display({ 'text/plain': 'two' }, {}, 'card', true)
}

function createScriptedNotebook(options: NotebookOptions): NotebookPort {
  let release: ((how: 'go' | 'interrupt') => void) | null = null
  const held = (): Promise<'go' | 'interrupt'> => new Promise((resolve) => (release = resolve))
  options.comms.register('test.kernel', (line, data) => {
    line.send({ opened: data })
    return { onMessage: (message, buffers) => (message === 'go' ? release?.('go') : line.send({ echo: message, bytes: buffers.length })), onClose: () => options.log('comm closed') }
  })
  options.comms.connectSession((event) => {
    if (event.targetName === 'test.session') options.comms.fromSession({ ...event, kind: 'message', data: { session: event.kind } })
    else options.comms.fromSession({ ...event, kind: 'close', data: {} })
  })

  async function act(request: CellRequest, line: string): Promise<void> {
    const output = options.output.outputOf(request.cellId)
    const [command, ...words] = line.split(' ')
    const rest = words.join(' ')
    if (command === 'print') output.stream('stdout', `${rest}\n`)
    if (command === 'error-text') output.stream('stderr', `${rest}\n`)
    if (command === 'lines') for (let n = 0; n < Number(rest); n += 1) output.stream('stdout', `${n}\n`)
    if (command === 'big') output.stream('stdout', '𝛼'.repeat(Number(rest)))
    if (command === 'show') show(options, request.cellId, rest)
    if (command === 'clear') output.clear(rest === 'wait')
    if (command === 'result') output.result({ 'text/plain': rest }, {})
    if (command === 'fail') throw Object.assign(new TypeError(rest), { isUser: true })
    if (command === 'ask') output.stream('stdout', `hello ${await options.output.requestInput(request.cellId, rest, false)}`)
    if (command === 'wait' && (await held()) === 'interrupt') throw new Error('interrupted')
    if (command === 'late') {
      const [other, ...text] = words
      options.output.outputOf(other === 'newest' ? null : other!).stream('stdout', text.join(' '))
    }
    if (command === 'surrogate') output.result({ 'text/plain': 'a\ud800b \\ud800 😀' }, {})
    if (command === 'stray') setImmediate(() => { throw new Error('stray') })
  }

  return {
    async execute(request): Promise<CellOutcome> {
      try {
        for (const line of request.code.split('\n')) await act(request, line)
        return { status: 'ok', userExpressions: Object.fromEntries(Object.keys(request.userExpressions).map((name) => [name, { status: 'ok' }])) }
      } catch (error) {
        return { status: 'error', error: { name: (error as Error).name, message: (error as Error).message, traceback: ['    at cell-1.ts:1:1'] } }
      }
    },
    async interrupt() {
      release?.('interrupt')
    },
    async complete(code, cursor) {
      const start = code.lastIndexOf('.', cursor) + 1
      return { matches: ['answer'], start, end: cursor, types: [{ text: 'answer', type: 'property' }] }
    },
    async inspect(code, cursor) {
      return code.includes('known') ? { 'text/plain': `${code} at ${cursor}` } : null
    },
    isComplete: (code) => (code.endsWith('{') ? { status: 'incomplete', indent: '  ' } : { status: 'complete', indent: '' }),
    settle: async () => undefined,
    close: async () => undefined,
  }
}

await startKernel(process.argv.slice(2), async () => createScriptedNotebook)
