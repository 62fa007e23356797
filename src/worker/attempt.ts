/**
 * Owns one attempt of a run in this process, from the command to its last message: surroundings, inputs, evaluation, outputs, cost.
 * Refuses to report success for a result that cannot be handed back whole.
 */
import type { ReportSink, RunContext } from '../api/context.ts'
import { runInContext } from '../api/context.ts'
import { LabflowError } from '../model/errors.ts'
import type { ErrorRecord } from '../model/errors.ts'
import type { CodeBundle, RunInputs } from '../model/run.ts'
import { fromBuffers, toBuffers } from '../values/codec.ts'
import type { EntrySource } from './error-record.ts'
import { placeOf, toErrorRecord } from './error-record.ts'
import { entrySource, evaluate, importFrom } from './evaluate.ts'
import type { Evaluated } from './evaluate.ts'
import { codeOutputs } from './function-outputs.ts'
import { ImportFinder } from './import-finder.ts'
import { NotebookNames } from './notebook-names.ts'
import type { Outlet } from './outlet.ts'
import { ProgressThrottle } from './progress-throttle.ts'
import type { WorkerCommand } from './protocol.ts'
import { RunOutputs } from './run-output.ts'
import { enterPlace } from './run-place.ts'
import { encodeResult, fieldDigests, inputDigests, PendingInputs } from './run-values.ts'
import type { EncodedResult } from './run-values.ts'
import { leftovers, processTraces, unfinishedWork, usageSince } from './usage.ts'

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
    let fieldsBefore: Record<string, string> = {}
    const result = await evaluate(code, {
      names: this.names,
      capturedNames: pending.capturedNames,
      instanceNames: pending.instanceNames,
      plainInputs: pending.plain,
      dressedNames: pending.dressedNames,
      onHelpers: (helpers) => {
        if (this.#source !== null) this.#source.helpers = helpers
      },
      decodeInputs: () => {
        inputs = pending.decode(this.names)
        digestsBefore = inputDigests(inputs.captured, this.names)
        fieldsBefore = fieldDigests(inputs.fields, this.names, false)
        return inputs
      },
      urlOf: this.#host.urlOf,
      enter: (body) => runInContext(this.run, this.sink, body),
    })
    await this.#host.settleDisplay()
    const digestsAfter = inputDigests(inputs.captured, this.names)
    const mutatedInputs = Object.keys(digestsBefore).filter((name) => !(name in result.outputs) && (digestsBefore[name] !== digestsAfter[name] || this.names.hasChanged(name, inputs.captured[name])))
    const fieldsAfter = fieldDigests(inputs.fields, this.names, true)
    const changedFields = [...new Set([...Object.keys(fieldsBefore), ...Object.keys(fieldsAfter)])].filter((label) => fieldsBefore[label] !== fieldsAfter[label] && !(label.split('.')[0]! in result.outputs))
    await this.#handBack(result, pending.capturedNames, [...mutatedInputs, ...changedFields])
  }

  /** Sends the result; what of it cannot come back is left out and told, or fails the run, which then keeps the rest. */
  async #handBack(result: Evaluated, capturedNames: string[], mutatedInputs: string[]): Promise<void> {
    const { runId, attempt, nonce, code } = this.command
    const isCell = code.entry.kind === 'cell'
    const finder = new ImportFinder(code, (specifier) => importFrom(filenameOf(code), specifier))
    const importOf = (value: unknown): ReturnType<ImportFinder['find']> => finder.find(value)
    const { functionSources, functionFields, imports, left, refused } = await codeOutputs(code, result.outputs, capturedNames, importOf)
    const sorted = new Set([...Object.keys(functionSources), ...Object.keys(imports), ...left.map(({ name }) => name), ...refused.map(({ name }) => name)])
    const outputs = Object.fromEntries(Object.entries(result.outputs).filter(([name]) => !sorted.has(name)))
    const whole = await encodeResult({ value: result.value, outputs, functionSources, functionFields, imports }, isCell, this.names, importOf, (value) => this.#showInstead(value))
    const problem = refused[0] ?? whole.refused[0]
    if (this.#isOver) return
    if (problem !== undefined) return this.#sendFailed(keptWith(problem.error, whole.outputNames, this.command.shortId), null, whole)
    this.#finishReports()
    const unfinished = unfinishedWork(this.#tracesBefore)
    if (unfinished !== null) whole.warnings.push(`${unfinished} still at work when the last line had ended: what it prints or does later is lost. Await its end in the cell.`)
    for (const { name, reason } of left) whole.warnings.push(`${name} did not come back: ${reason}.`)
    for (const message of whole.warnings) this.#host.outlet.send({ type: 'warning', runId, message })
    const cost = usageSince(this.#cpuBefore)
    this.#host.outlet.send({ type: 'completed', runId, attempt, nonce, outputNames: whole.outputNames, ...cost, mutatedInputs, isReusable: this.#isReusable() }, toBuffers(whole.encoded))
  }

  #sendFailed(error: unknown, exitCode: number | null, kept: EncodedResult | null = null): void {
    if (this.#isOver) return
    this.#finishReports()
    const { runId, attempt, nonce } = this.command
    const record = withWordOnOrder(toErrorRecord(error, this.#source), this.command.code)
    const cost = usageSince(this.#cpuBefore)
    const outputNames = kept?.outputNames ?? []
    const message = { type: 'failed' as const, runId, attempt, nonce, error: record, outputNames, ...cost, exitCode, isReusable: exitCode === null && this.#isReusable() }
    this.#host.outlet.send(message, kept !== null && outputNames.length > 0 ? toBuffers(kept.encoded) : [])
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

/** A notebook reads the older value of a name that the cell declares further down; a cell that is a function cannot. */
function withWordOnOrder(record: ErrorRecord, { entry }: CodeBundle): ErrorRecord {
  const name = record.name === 'ReferenceError' ? /^Cannot access '(.+)' before initialization$/.exec(record.message)?.[1] : undefined
  if (name === undefined || entry.kind !== 'cell' || !entry.outputs.includes(name)) return record
  const message = `${record.message}: the cell declares ${name} further down, and in a task an older ${name} of the notebook is not seen before that line. Move the declaration up, or give it another name.`
  return { ...record, message, traceback: [`${record.name}: ${message}`, ...record.traceback.slice(1)] }
}

function filenameOf({ entry, folder }: CodeBundle): string {
  return entry.kind === 'module' ? `${folder}/module.ts` : entry.filename
}

/** The error with the way to what the run could hand back nevertheless. */
function keptWith(error: LabflowError, names: readonly string[], shortId: string): LabflowError {
  if (names.length === 0) return error
  return new LabflowError(error.code, `${error.message} The other outputs stay with the run: %wait ${shortId} --only ${names.join(',')}`, { detail: error.detail })
}
