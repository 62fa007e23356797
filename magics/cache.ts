/**
 * Owns `%cache`: which runs hold a reusable result, and which reused one.
 */
import { parseOptionLine } from '../src/config/option-line.ts'
import { formatDuration } from '../src/config/durations.ts'
import { type Magic, written } from '../kernel/cell/magic.ts'
import { textTable } from './runs.ts'

/** How many of the newest runs are looked at. */
const LOOKED_AT = 1000

export const cache: Magic = {
  name: 'cache',
  kinds: ['line'],
  usage: '%cache [name]',
  summary: 'Lists cached results and the runs that reused one; --refresh on a task computes anew.',
  options: [],
  async run(call, context) {
    const { words } = parseOptionLine(call.argument, [], { magic: written(call), maxWords: 1 })
    const filter = { limit: LOOKED_AT, states: ['COMPLETED' as const], ...(words[0] === undefined ? {} : { name: words[0] }) }
    const { result } = await context.notebook.engine.request('list', { filter })
    const cached = result.runs.filter((run) => run.options.cache !== null)
    if (cached.length === 0) return context.output.stream('stdout', 'no run with a cache yet: %%task --cache keeps results for reuse\n')
    const nowMs = Date.now()
    const rows = cached.map((run) => {
      const expiresMs = run.options.cache?.expiresAfterMs ?? null
      const source = run.cachedFrom ? `hit: computed ${formatDuration(Math.max(0, nowMs - run.cachedFrom.computedMs))} ago by ${run.cachedFrom.shortId}` : 'computed'
      const good = expiresMs === null ? 'for ever' : leftText(expiresMs - (nowMs - (run.cachedFrom?.computedMs ?? run.endedMs ?? nowMs)))
      return [run.shortId, run.runName, source, good]
    })
    context.output.stream('stdout', `${textTable(rows, ['run', 'name', 'result', 'good'])}\n`)
  },
}

function leftText(leftMs: number): string {
  return leftMs > 0 ? `for another ${formatDuration(leftMs)}` : 'no more'
}
