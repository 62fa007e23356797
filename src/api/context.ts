/**
 * Owns the run that the current code belongs to: what tasks and flows may ask about themselves, and where their progress and log lines go.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { LogLevel, Progress, RunKind } from '../model/run.ts'

/** The run around the calling code. */
export interface RunContext {
  runId: string
  shortId: string
  kind: RunKind
  name: string
  /** 1 for the first attempt. */
  attempt: number
  /** Previews of the parameters, as the run's record shows them. */
  parameters: Readonly<Record<string, unknown>>
  /** Aborted when the run is cancelled or times out; the process is killed after the grace. */
  signal: AbortSignal
}

/** Takes progress and log lines. */
export interface ReportSink {
  progress(progress: Progress): void
  log(level: LogLevel, message: string): void
}

interface Surroundings {
  run: RunContext
  sink: ReportSink
}

const storage = new AsyncLocalStorage<Surroundings>()
let fallbackSink: ReportSink | null = null

/** Runs a function as part of a run: everything it starts belongs to it. */
export function runInContext<T>(run: RunContext, sink: ReportSink, body: () => T): T {
  return storage.run({ run, sink }, body)
}

/** The run that the calling code is part of; null in a plain cell or program. */
export function currentRun(): RunContext | null {
  return storage.getStore()?.run ?? null
}

/** Where reports go outside of any run: a session sets it to show progress under the cell; null = the terminal. */
export function setFallbackSink(sink: ReportSink | null): void {
  fallbackSink = sink
}

/** Where the calling code's reports go. */
export function reportSink(): ReportSink {
  return storage.getStore()?.sink ?? fallbackSink ?? terminalSink
}

const BAR_CHARS = 24

/** A plain program: progress on a terminal's error stream, one line rewritten; log lines below one another. */
const terminalSink: ReportSink = {
  progress({ label, done, total, metrics }) {
    if (!process.stderr.isTTY) return
    const share = total === null || total === 0 ? 0 : Math.min(1, done / total)
    const bar = '█'.repeat(Math.round(share * BAR_CHARS)).padEnd(BAR_CHARS, '·')
    const numbers = Object.entries(metrics).map(([name, value]) => ` ${name} ${Number(value.toPrecision(5))}`).join('')
    process.stderr.write(`\r\u001b[K${label === '' ? '' : `${label} `}${bar} ${done}${total === null ? '' : `/${total}`}${numbers}${done === total ? '\n' : ''}`)
  },
  log(level, message) {
    process.stderr.write(`${level.toUpperCase()} ${message}\n`)
  },
}
