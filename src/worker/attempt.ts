/**
 * Owns one attempt of a run in this process, from the command to its last message: surroundings, inputs, evaluation, outputs, cost.
 * Refuses to report success for a result that cannot be handed back whole.
 */
import type { ReportSink, RunContext } from '../api/context.ts'
import { runInContext } from '../api/context.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunInputs, RunResult } from '../model/run.ts'
import { fromBuffers, toBuffers } from '../values/codec.ts'
import type { EntrySource } from './error-record.ts'
import { placeOf, toErrorRecord } from './error-record.ts'
import { entrySource, evaluate } from './evaluate.ts'
import { functionOutputSources } from './function-outputs.ts'
import { NotebookNames } from './notebook-names.ts'
import type { Outlet } from './outlet.ts'
import { ProgressThrottle } from './progress-throttle.ts'
import type { WorkerCommand } from './protocol.ts'
import { RunOutputs } from './run-output.ts'
import { enterPlace } from './run-place.ts'
import { encodeResult, inputDigests, PendingInputs } from './run-values.ts'
import { leftovers, processTraces, usageSince } from './usage.ts'

export type AttemptCommand = Extract<WorkerCommand, { type: 'attempt' }>

/** What an attempt uses of its worker. */
export interface AttemptHost {
  outlet: Outlet
  /** URL of a local file in its present content version. */
  urlOf(path: string): string
  /** Resolves when everything shown has its final form. */
  settleDisplay(): Promise<void>
  /** Between evaluation and the final message: the executor may be gone by then. */
  onEnd(): void
}

/** One attempt; `run` resolves after its final message was sent. */
export class Attempt {
  readonly command: AttemptCommand
  readonly names: NotebookNames
  readonly outputs: RunOutputs
  readonly run: RunContext
  readonly #host: AttemptHost
  readonly #buffers: Uint8Array[]
  readonly #abort = new AbortController()
  readonly #progress: ProgressThrottle
  readonly #source: EntrySource | null
  readonly #cpuBefore = process.cpuUsage()
  readonly #tracesBefore = processTraces()
  #fail: (error: unknown) => void = () => {}
  #isOver = false

  constructor(command: AttemptCommand, buffers: Uint8Array[], host: AttemptHost) {
    this.command = command
    this.#buffers = buffers
    this.#host = host
    this.names = new NotebookNames(command.code)
    this.#source = entrySource(command.code)
    const { runId, shortId, kind, name, attempt, parameters } = command
    this.run = { runId, shortId, kind, name, attempt, parameters, signal: this.#abort.signal }
    this.outputs = new RunOutputs((output) => host.outlet.send({ type: 'output', runId, output }))
    this.#progress = new ProgressThrottle((progress) => {
      this.outputs.flush()
      host.outlet.send({ type: 'progress', runId, progress })
    })
  }

  /** Where progress and log lines of this run go. */
  get sink(): ReportSink {
    const { runId } = this.command
    return {
      progress: (progress) => this.#progress.report(progress),
      log: (level, message) => {
        this.outputs.flush()
        this.#host.outlet.send({ type: 'log', runId, level, message, timeMs: Date.now() })
      },
    }
  }

  cancel(reason: string): void {
    this.#abort.abort(new LabflowError('RUN_CANCELLED', reason === '' ? 'The run was cancelled.' : reason))
  }

  /** An error outside of any awaited call: a timer, an unhandled rejection. */
  fail(error: unknown): void {
    this.#fail(error)
  }

  /** The user called process.exit(): the last message leaves before the process ends. */
  exit(code: number): void {
    if (this.#isOver) return
    const place = placeOf(new Error().stack ?? '', this.#source)
    const error = new LabflowError('RUN_CRASHED', `called process.exit(${code})${place === null ? '' : ` at ${place}`}`)
    this.#sendFailed(error, code)
  }

  /** Runs the attempt. Never rejects. */
  async perform(): Promise<void> {
    const { runId, attempt, nonce, environment, seed } = this.command
    this.#host.outlet.send({ type: 'started', runId, attempt, nonce })
    this.outputs.install()
    let leave = (): void => {}
    try {
      leave = enterPlace(environment, seed)
      const failed = new Promise<never>((_resolve, reject) => {
        this.#fail = reject
      })
      failed.catch(() => {})
      await Promise.race([this.#evaluate(), failed])
    } catch (error) {
      this.#sendFailed(error, null)
    } finally {
      this.outputs.restore()
      leave()
    }
  }

  async #evaluate(): Promise<void> {
    const { code } = this.command
    const pending = new PendingInputs(fromBuffers(this.#buffers))
    let inputs: RunInputs = { args: [], captured: {} }
    let digestsBefore: Record<string, string> = {}
    const result = await evaluate(code, {
      names: this.names,
      capturedNames: pending.capturedNames,
      decodeInputs: () => {
        inputs = pending.decode(this.names)
        digestsBefore = inputDigests(inputs.captured, this.names)
        return inputs
      },
      urlOf: this.#host.urlOf,
      enter: (body) => runInContext(this.run, this.sink, body),
    })
    await this.#host.settleDisplay()
    const digestsAfter = inputDigests(inputs.captured, this.names)
    const mutatedInputs = Object.keys(digestsBefore).filter((name) => digestsBefore[name] !== digestsAfter[name] && !(name in result.outputs))
    const outputs = { ...result.outputs }
    const functionSources = functionOutputSources(code, outputs, pending.capturedNames)
    for (const name of Object.keys(functionSources)) delete outputs[name]
    this.#sendCompleted({ value: result.value, outputs, functionSources }, mutatedInputs)
  }

  #sendCompleted(result: RunResult, mutatedInputs: string[]): void {
    const { runId, attempt, nonce, code } = this.command
    const { encoded, warnings } = encodeResult(result, code.entry.kind === 'cell', this.names, (value) => this.#showInstead(value))
    if (this.#isOver) return
    this.#finishReports()
    for (const message of warnings) this.#host.outlet.send({ type: 'warning', runId, message })
    const outputNames = [...Object.keys(result.outputs), ...Object.keys(result.functionSources)]
    const cost = usageSince(this.#cpuBefore)
    this.#host.outlet.send({ type: 'completed', runId, attempt, nonce, outputNames, ...cost, mutatedInputs, isReusable: this.#isReusable() }, toBuffers(encoded))
  }

  #sendFailed(error: unknown, exitCode: number | null): void {
    if (this.#isOver) return
    this.#finishReports()
    const { runId, attempt, nonce } = this.command
    const record = toErrorRecord(error, this.#source)
    const cost = usageSince(this.#cpuBefore)
    this.#host.outlet.send({ type: 'failed', runId, attempt, nonce, error: record, ...cost, exitCode, isReusable: exitCode === null && this.#isReusable() })
  }

  /** A last expression that cannot travel is shown where it is. */
  #showInstead(value: unknown): void {
    runInContext(this.run, this.sink, () => console.log(value))
  }

  #finishReports(): void {
    this.outputs.flush()
    this.#progress.flush()
    this.#isOver = true
    this.#host.onEnd()
  }

  #isReusable(): boolean {
    return leftovers(this.#tracesBefore).length === 0
  }
}
