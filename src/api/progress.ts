/**
 * Owns `progress`: reports how far a loop is, and how its numbers stand, to the card of the run (or the terminal).
 */
import type { Progress } from '../model/run.ts'
import { currentRun, reportSink } from './context.ts'
import { LabflowError } from '../model/errors.ts'

export interface ProgressOptions {
  /** Shown before the bar. */
  label?: string
  /** Number of items where the source does not know it. */
  total?: number
}

interface ProgressFunction {
  /** Counts from 0 to `count` − 1. */
  (count: number, options?: ProgressOptions): Generator<number, void, void>
  /** Passes the items on, one report each. */
  <Item>(items: Iterable<Item>, options?: ProgressOptions): Generator<Item, void, void>
  <Item>(items: AsyncIterable<Item>, options?: ProgressOptions): AsyncGenerator<Item, void, void>
  /** Reports without a loop; `total` null = unknown. */
  set(done: number, total?: number | null, metrics?: Record<string, number>): void
  /** Reports a number beside the newest bar, such as a loss. */
  metric(name: string, value: number): void
}

let barCount = 0
const outside = {}
/** The newest bar of each run (and of code outside of any), which `metric` speaks of. */
const newest = new WeakMap<object, Progress>()

function owner(): object {
  return currentRun() ?? outside
}

function newBar(label: string, total: number | null): Progress {
  const bar: Progress = { barId: `bar-${++barCount}`, label, done: 0, total, metrics: {} }
  newest.set(owner(), bar)
  return bar
}

function openBar(options: ProgressOptions, total: number | null): Progress {
  const bar = newBar(options.label ?? '', options.total ?? total)
  send(bar)
  return bar
}

function send(bar: Progress): void {
  reportSink().progress({ ...bar, metrics: { ...bar.metrics } })
}

function* count(bar: Progress, items: Iterable<unknown>): Generator<unknown, void, void> {
  for (const item of items) {
    yield item
    advance(bar)
  }
  finish(bar)
}

async function* countAsync(bar: Progress, items: AsyncIterable<unknown>): AsyncGenerator<unknown, void, void> {
  for await (const item of items) {
    yield item
    advance(bar)
  }
  finish(bar)
}

function advance(bar: Progress): void {
  bar.done++
  newest.set(owner(), bar)
  send(bar)
}

/** A source of unknown length has its total at the end. */
function finish(bar: Progress): void {
  if (bar.total === bar.done) return
  bar.total = bar.done
  send(bar)
}

function* range(end: number): Generator<number, void, void> {
  for (let at = 0; at < end; at++) yield at
}

function over(source: unknown, options: ProgressOptions = {}): unknown {
  if (typeof source === 'number') {
    if (!Number.isInteger(source) || source < 0) throw new LabflowError('BAD_OPTION', `progress() got ${source}, but counts a whole number of turns ≥ 0.`)
    return count(openBar(options, source), range(source))
  }
  const candidate = source as Partial<Iterable<unknown> & AsyncIterable<unknown>> & { length?: unknown; size?: unknown } | null | undefined
  const known = typeof candidate?.length === 'number' ? candidate.length : typeof candidate?.size === 'number' ? candidate.size : null
  if (typeof candidate?.[Symbol.iterator] === 'function') return count(openBar(options, known), candidate as Iterable<unknown>)
  if (typeof candidate?.[Symbol.asyncIterator] === 'function') return countAsync(openBar(options, known), candidate as AsyncIterable<unknown>)
  throw new LabflowError('BAD_OPTION', 'progress() takes a number, a list or anything else that can be looped over: for (const e of progress(epochs, { label })).')
}

function set(done: number, total: number | null = null, metrics: Record<string, number> = {}): void {
  const known = newest.get(owner())
  // A bar that is full belongs to a loop that is over.
  const bar = known === undefined || known.done === known.total ? newBar('', total) : known
  Object.assign(bar, { done, total: total ?? bar.total })
  Object.assign(bar.metrics, metrics)
  send(bar)
}

function metric(name: string, value: number): void {
  const bar = newest.get(owner()) ?? newBar('', null)
  bar.metrics[name] = value
  send(bar)
}

/** `for (const epoch of progress(epochs, { label: 'train' }))`, over lists, numbers, iterables and async iterables. @throws LabflowError BAD_OPTION. */
export const progress: ProgressFunction = Object.assign(over as never, { set, metric }) as ProgressFunction
