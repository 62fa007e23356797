/**
 * Owns one execute_request: from its checked content through the notebook to the content of its reply.
 * Sends what belongs between busy and idle (input, error); the bracket itself is the dispatch's.
 */
import type { CellOutcome, NotebookPort } from './contract.ts'
import { errorContent, recordOf } from './error-content.ts'
import { helpQueryOf } from './help-query.ts'
import type { History } from './history.ts'
import type { KernelIo } from './io.ts'
import type { OutputRouter } from './output-router.ts'
import type { JupyterMessage } from './wire/message.ts'

export interface ExecutionParts {
  io: KernelIo
  output: OutputRouter
  history: History
  notebook(): Promise<NotebookPort>
}

export interface ExecutionEnd {
  reply: Record<string, unknown>
  /** Whether cells behind this one may run. */
  mayGoOn: boolean
}

export class Execution {
  readonly #parts: ExecutionParts
  #count = 0

  constructor(parts: ExecutionParts) {
    this.#parts = parts
  }

  /** Number of the last cell that counted. */
  get count(): number {
    return this.#count
  }

  /** Never rejects: whatever goes wrong is the reply. */
  async run(request: JupyterMessage): Promise<ExecutionEnd> {
    const { io, output, history } = this.#parts
    const { code, silent, store_history, user_expressions, allow_stdin, stop_on_error } = request.content
    const isSilent = silent === true
    const isCounted = !isSilent && store_history !== false
    if (typeof code === 'string' && isCounted && code.trim() !== '') this.#count += 1
    const executionCount = this.#count
    output.begin(request, { executionCount, isSilent, allowStdin: allow_stdin !== false })
    if (!isSilent && typeof code === 'string') io.publish('execute_input', { code, execution_count: executionCount }, request.header)

    const outcome = await this.#outcomeOf(request.header.msg_id, code, {
      isSilent,
      executionCount,
      userExpressions: textFields(user_expressions),
      allowStdin: allow_stdin !== false,
    })
    output.flush()
    if (typeof code === 'string' && isCounted && code.trim() !== '') history.record(executionCount, code, output.resultTextOf(request.header.msg_id))
    if (outcome.status === 'ok') {
      const { userExpressions, payloads = [] } = outcome
      return { reply: { status: 'ok', execution_count: executionCount, user_expressions: userExpressions, payload: payloads }, mayGoOn: true }
    }
    const content = errorContent(outcome.error)
    io.publish('error', content, request.header)
    return {
      reply: { status: 'error', ...content, execution_count: executionCount, user_expressions: {}, payload: [] },
      mayGoOn: stop_on_error === false,
    }
  }

  async #outcomeOf(
    cellId: string,
    code: unknown,
    settings: { isSilent: boolean; executionCount: number; userExpressions: Record<string, string>; allowStdin: boolean },
  ): Promise<CellOutcome> {
    if (typeof code !== 'string') {
      return { status: 'error', error: { name: 'LabflowError', message: 'execute_request without code: nothing was run.', code: 'BAD_MESSAGE', traceback: [] } }
    }
    if (code.trim() === '' && Object.keys(settings.userExpressions).length === 0) return { status: 'ok', userExpressions: {} }
    try {
      const notebook = await this.#parts.notebook()
      const query = helpQueryOf(code)
      if (query === null) return await notebook.execute({ cellId, code, ...settings })
      const data = await notebook.inspect(query.expression, query.expression.length, query.detail)
      const page = data ?? { 'text/plain': `Nothing is known of ${query.expression}.` }
      return { status: 'ok', userExpressions: {}, payloads: [{ source: 'page', data: page, start: 0 }] }
    } catch (error) {
      return { status: 'error', error: recordOf(error) }
    }
  }
}

function textFields(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter((field): field is [string, string] => typeof field[1] === 'string'))
}
