/**
 * Owns one execution of a cell: split, check everything that can be checked before anything runs, then run magics and code in order.
 */
import { join } from 'node:path'
import { analyzeCell } from '../../src/code/cell-analysis.ts'
import type { CellAnalysis } from '../../src/code/contract.ts'
import type { ErrorRecord } from '../../src/model/errors.ts'
import type { CellOutcome, CellOutput, CellPayload, CellRequest } from '../contract.ts'
import { waitForPending } from '../runs/pending-wait.ts'
import type { CompiledCell } from '../session/protocol.ts'
import { CellError, toErrorRecord } from './cell-error.ts'
import { hoistFunctions } from './hoisted-parts.ts'
import { inspectName } from './inspect.ts'
import { findMagic, type Magic, type MagicContext, type NotebookServices } from './magic.ts'
import { type CellPart, type MagicCall, splitMagics } from './magic-lines.ts'
import { namesSetBy } from './notebook-names.ts'
import { compileCell } from './transform.ts'

/** What runs one cell. */
export class CellRunner {
  readonly #notebook: NotebookServices
  readonly #request: CellRequest
  readonly #output: CellOutput
  readonly #signal: AbortSignal
  readonly #payloads: CellPayload[] = []
  #userExpressions: Record<string, unknown> = {}

  constructor(notebook: NotebookServices, request: CellRequest, output: CellOutput, signal: AbortSignal) {
    this.#notebook = notebook
    this.#request = request
    this.#output = output
    this.#signal = signal
  }

  /** Never rejects. */
  async run(): Promise<CellOutcome> {
    try {
      await this.#runCell()
      const payloads = this.#payloads.length > 0 ? { payloads: this.#payloads } : {}
      return { status: 'ok', userExpressions: this.#userExpressions, ...payloads }
    } catch (error) {
      return { status: 'error', error: this.#explain(toErrorRecord(error)) }
    }
  }

  async #runCell(): Promise<void> {
    const { names, magics } = this.#notebook
    const split = splitMagics(this.#request.code, {
      isKnownName: (name) => names.has(name),
      isKnownCallable: (name) => names.isCallable(name),
      hasRawBody: (name) => magics.some((magic) => magic.name === name && magic.hasRawBody === true),
    })
    const outer = split.cellMagics.map((call) => ({ call, magic: findMagic(magics, call) }))
    const isRaw = outer.some(({ magic }) => magic.hasRawBody)
    const parts = isRaw ? [] : hoistFunctions(split.parts)
    for (const part of parts) if (part.kind === 'magic' && part.call.form !== 'inspect') findMagic(magics, part.call)
    const compiled = new Map<CellPart, CompiledCell>()
    for (const part of parts) if (part.kind === 'code') compiled.set(part, this.#compile(part.source))
    await this.#runOuter(outer, 0, split.code, () => this.#runParts(parts, compiled))
  }

  /** Runs the `%%` magics from the outermost inwards; the innermost holds the code. */
  async #runOuter(outer: { call: MagicCall; magic: Magic }[], depth: number, code: string, runParts: () => Promise<void>): Promise<void> {
    const next = outer[depth]
    if (!next) return runParts()
    const context = this.#context(code, () => this.#runOuter(outer, depth + 1, code, runParts))
    await next.magic.run(next.call, context)
  }

  async #runParts(parts: CellPart[], compiled: Map<CellPart, CompiledCell>): Promise<void> {
    const lastCode = parts.findLastIndex((part) => part.kind === 'code')
    if (lastCode === -1) await this.#evaluateExpressions()
    for (const [index, part] of parts.entries()) {
      if (part.kind === 'code') await this.#execute(compiled.get(part) as CompiledCell, part.source, index === lastCode)
      else if (part.call.form === 'inspect') this.#payloads.push(await inspectName(part.call.argument, this.#notebook))
      else await findMagic(this.#notebook.magics, part.call).run(part.call, this.#context('', async () => {}))
    }
  }

  #context(body: string, runBody: () => Promise<void>): MagicContext {
    return {
      request: this.#request,
      output: this.#output,
      signal: this.#signal,
      notebook: this.#notebook,
      body,
      runBody,
      runCode: (source) => this.#execute(this.#compile(source), source, true),
      awaitNames: (analysis) => this.#awaitNames(analysis),
      page: (payload) => this.#payloads.push(payload),
    }
  }

  #compile(source: string): CompiledCell {
    const filename = join(this.#notebook.folder, `cell-${this.#request.executionCount}.ts`)
    return compileCell(source, { filename, analysis: analyzeCell(source) })
  }

  /** Runs code in the session: waits for pending names first, records what it declared afterwards. */
  async #execute(cell: CompiledCell, source: string, isLast: boolean): Promise<CellAnalysis> {
    const { session, binder, names, pending } = this.#notebook
    const { analysis } = cell
    await this.#awaitNames(analysis)
    const setNames = namesSetBy(analysis)
    if (pending.names.length > 0) await binder.overtake(setNames)
    const { cellId, isSilent, allowStdin } = this.#request
    const generation = session.generation
    const answer = await session.execute({ cellId, cell, isSilent, userExpressions: isLast ? this.#request.userExpressions : {}, allowStdin })
    if (session.generation === generation) names.record(analysis, Date.now())
    if (!answer.ok) throw new CellError(answer.error)
    this.#notebook.recordCell(this.#request.executionCount, source, analysis)
    if (!isLast) return analysis
    this.#userExpressions = answer.userExpressions
    if (answer.result && !isSilent) this.#output.result(answer.result.data, answer.result.metadata)
    return analysis
  }

  /** Waits for the pending names that the code uses. */
  async #awaitNames(analysis: CellAnalysis): Promise<void> {
    const { pending, binder } = this.#notebook
    if (pending.names.length === 0) return
    const policy = this.#notebook.settings().get('notebook.pending') === 'error' ? 'error' : 'wait'
    await waitForPending(analysis.freeNames, { pending, binder, output: this.#output, cellId: this.#request.cellId, signal: this.#signal, policy })
  }

  /** A cell of magics alone still owes the front end its user expressions. */
  async #evaluateExpressions(): Promise<void> {
    if (Object.keys(this.#request.userExpressions).length === 0) return
    await this.#execute(this.#compile(';'), ';', true)
  }

  /** A ReferenceError for a name that a failed run should have set says so. */
  #explain(error: ErrorRecord): ErrorRecord {
    const name = error.name === 'ReferenceError' ? /^(\S+) is not defined/.exec(error.message)?.[1] : undefined
    const run = name === undefined ? null : this.#notebook.pending.unsetBy(name)
    if (!run) return error
    const hint = `${name} was to come from ${run.shortId} ${run.runName}, which ended ${run.state.type}`
    return { ...error, message: `${error.message}: ${hint}`, traceback: [...error.traceback, hint] }
  }
}
