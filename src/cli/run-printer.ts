/**
 * Owns what a run shows on a terminal: states and logs on stderr, what it prints on stdout, one line of progress.
 * On a terminal the progress line is rewritten in place; in a file or pipe a line comes at each tenth.
 */
import { formatDuration } from '../config/durations.ts'
import type { RunEvent, RunRecord } from '../model/run.ts'
import { isFinal } from '../model/state.ts'
import { stateWords } from './run-table.ts'

interface TextSink {
  write(text: string): unknown
  isTTY?: boolean
}

export class RunPrinter {
  readonly #out: TextSink
  readonly #notes: TextSink
  readonly #runs = new Map<string, RunRecord>()
  readonly #tenths = new Map<string, number>()
  #isLineOpen = false

  /** @param out gets what the run prints, @param notes everything about the run. */
  constructor(out: TextSink, notes: TextSink) {
    this.#out = out
    this.#notes = notes
  }

  begin(run: RunRecord): void {
    this.#runs.set(run.id, run)
    this.#note(`${run.shortId} · ${run.kind} ${run.name} · ${stateWords(run)}`)
  }

  take(event: RunEvent): void {
    const run = this.#runs.get(event.runId)
    if (event.type === 'child') this.begin(event.child)
    else if (event.type === 'output' && event.output.type === 'stream') this.#print(event.output)
    else if (event.type === 'log') this.#note(`${run?.shortId ?? ''} · ${event.level}: ${event.message}`)
    else if (event.type === 'progress') this.#progress(run, event.progress)
    else if (event.type === 'state' && run !== undefined) this.#state(run, event)
  }

  /** The last line. */
  end(text: string): void {
    this.#note(text)
  }

  #state(run: RunRecord, event: Extract<RunEvent, { type: 'state' }>): void {
    const before = stateWords(run)
    run.state = event.state
    // A child is told with the state it has by then: the event that led to it comes after.
    if (stateWords(run) === before) return
    const took = isFinal(event.state.type) ? ` · ${formatDuration(event.state.timeMs - run.createdMs)}` : ''
    this.#note(`${run.shortId} · ${run.name} · ${stateWords(run)}${took}${event.state.message === '' ? '' : ` · ${event.state.message.split('\n')[0]}`}`)
  }

  #print(output: { name: 'stdout' | 'stderr'; text: string }): void {
    this.#closeLine()
    ;(output.name === 'stdout' ? this.#out : this.#notes).write(output.text)
  }

  #progress(run: RunRecord | undefined, progress: { barId: string; label: string; done: number; total: number | null; metrics: Record<string, number> }): void {
    // The last report of a bar is not held to come before the end, which says more.
    if (run !== undefined && isFinal(run.state.type)) return
    const metrics = Object.entries(progress.metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)
    const share = progress.total === null ? `${progress.done}` : `${progress.done}/${progress.total} ${Math.floor((100 * progress.done) / Math.max(1, progress.total))} %`
    const text = [run?.shortId ?? '', progress.label, share, ...metrics].filter((part) => part !== '').join(' · ')
    if (this.#notes.isTTY === true) {
      this.#notes.write(`\r\u001b[2K${text}`)
      this.#isLineOpen = true
      return
    }
    const tenth = progress.total === null ? -1 : Math.floor((10 * progress.done) / Math.max(1, progress.total))
    const key = `${run?.id ?? ''} ${progress.barId}`
    if (this.#tenths.get(key) === tenth) return
    this.#tenths.set(key, tenth)
    this.#note(text)
  }

  #note(text: string): void {
    this.#closeLine()
    this.#notes.write(`${text}\n`)
  }

  #closeLine(): void {
    if (!this.#isLineOpen) return
    this.#notes.write('\n')
    this.#isLineOpen = false
  }
}
