/**
 * Owns the reading of a card's JSON: from whatever a notebook file holds to fields of known types.
 * Refuses to trust: a notebook may come from anyone, so every field is checked and a wrong one counts as absent.
 */

/** A run as a card shows it; times are epoch milliseconds. */
export interface CardRun {
  id: string
  shortId: string
  kind: string
  runName: string
  state: string
  stateWord: string
  stateMessage: string
  attempt: number
  retries: number
  startedMs: number | null
  endedMs: number | null
  cachedFrom: { shortId: string; computedMs: number } | null
  error: string | null
  progress: { label: string; done: number; total: number | null; metrics: Record<string, number> } | null
  lastLog: string | null
  warnings: string[]
}

/** What a card shows: one run, or the most urgent of `total`. */
export interface CardData {
  runs: CardRun[]
  total: number
  children: CardRun[]
  notes: string[]
  nowMs: number
  /** Where the bar of the one run began; null: with the run. */
  barBegan: { timeMs: number; done: number } | null
}

type Fields = Readonly<Record<string, unknown>>

/** The card, or null when the data are no card that this version knows. */
export function readCard(data: unknown): CardData | null {
  const card = fields(data)
  if (card === null || card['version'] !== 1) return null
  const runs = list(card['runs'] ?? [card['run']]).flatMap(readRun)
  if (runs.length === 0) return null
  return { runs, total: number(card['total']) ?? runs.length, children: list(card['children']).flatMap(readRun), notes: list(card['notes']).map(String), nowMs: number(card['nowMs']) ?? Date.now(), barBegan: readBeginning(fields(card['barBegan'])) }
}

function readBeginning(began: Fields | null): CardData['barBegan'] {
  const timeMs = number(began?.['timeMs'])
  return timeMs === null ? null : { timeMs, done: number(began?.['done']) ?? 0 }
}

function readRun(data: unknown): CardRun[] {
  const run = fields(data)
  const state = fields(run?.['state'])
  if (run === null || state === null || typeof run['id'] !== 'string') return []
  const type = text(state['type']) ?? 'PENDING'
  const cached = fields(run['cachedFrom'])
  return [
    {
      id: run['id'],
      shortId: text(run['shortId']) ?? run['id'],
      kind: text(run['kind']) ?? 'task',
      runName: text(run['runName']) ?? text(run['name']) ?? '',
      state: type,
      stateWord: (text(state['name']) || type).replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase(),
      stateMessage: text(state['message']) ?? '',
      attempt: number(run['attempt']) ?? 0,
      retries: number(fields(run['options'])?.['retries']) ?? 0,
      startedMs: number(run['startedMs']),
      endedMs: number(run['endedMs']),
      cachedFrom: cached === null ? null : { shortId: text(cached['shortId']) ?? '', computedMs: number(cached['computedMs']) ?? 0 },
      error: errorLine(fields(run['error'])),
      progress: readProgress(fields(run['progress'])),
      lastLog: text(run['lastLog']),
      warnings: list(run['warnings']).map(String),
    },
  ]
}

function readProgress(progress: Fields | null): CardRun['progress'] {
  const done = number(progress?.['done'])
  if (progress === null || done === null) return null
  const metrics = Object.entries(fields(progress['metrics']) ?? {}).flatMap(([name, value]): [string, number][] => (typeof value === 'number' ? [[name, value]] : []))
  return { label: text(progress['label']) ?? '', done, total: number(progress['total']), metrics: Object.fromEntries(metrics) }
}

function errorLine(error: Fields | null): string | null {
  if (error === null) return null
  const line = `${text(error['name']) ?? 'Error'}: ${text(error['message']) ?? ''}`.split('\n')[0] as string
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}

function fields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
