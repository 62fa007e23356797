/** Owns the table of the bench: which figure stands in which row, beside which peer, and what it is to reach. */
import type { Figure } from './figure.ts'

type Figures = Record<string, Figure>

/** What the parts of the bench gave, as each names its rows. */
export interface Measured {
  kernels: Record<string, Figures>
  cells: Figures
  engine: Figures
  /** null: the peer could not be installed. */
  peer: Figures | null
}

export interface Row {
  name: string
  ours: number | null
  /** null: none, or not measured. */
  peer: number | null
  peerName: string
  /** In the row's own unit; null: no figure was set. */
  toReach: number | null
  /** Ours by what it is to reach: 1 and below is reached. */
  ratio: number | null
}

/** Figure to reach, or its share of the peer's figure in the same run. */
type Goal = { at: number } | { ofPeer: number } | null

const KERNEL_ROWS: readonly [string, Goal][] = [
  ['start until kernel_info ms', { ofPeer: 0.8 }],
  ['first cell ms', null],
  ['1+1 until idle ms', { ofPeer: 0.3 }],
  ['1+1 until idle after 300 cells ms', { ofPeer: 0.3 }],
  ['30-line cell until idle ms', { at: 2.5 }],
  ['10,000 printed lines ms', { ofPeer: 1 }],
  ['interrupt sync ms', { at: 60 }],
  ['interrupt after await ms', { at: 60 }],
  ['interrupt pending await ms', { at: 60 }],
  ['memory PSS MB', { at: 300 }],
]

const CELL_ROWS: readonly [string, Goal][] = [
  ['first %%task cell ms', null],
  ['%%task cell until idle ms', { at: 3 }],
  ['%%task --cache cell, hit, ms', { at: 1.5 }],
  ['%%submit cell until idle ms', { at: 20 }],
  ['%%task cell, 1.5 MB in and out, ms', null],
  ['%%task --cache cell, 1.5 MB in and out, hit, ms', null],
  ['kernel, executor and workers, PSS MB', null],
]

const ENGINE_ROWS: readonly [string, Goal][] = [
  ['task run, no payload ms', { at: 0.5 }],
  ['cache hit, no payload ms', { at: 0.2 }],
  ['empty flow ms', { at: 5 }],
  ['map over 542 items, all ms', { at: 150 }],
  ['1,000 tasks at once, each ms', null],
  ['submit call ms', null],
  ['submit until body runs ms', { at: 5 }],
  ['task run, 1.5 MB in and out ms', { at: 15 }],
  ['cache hit, 1.5 MB in and out ms', null],
  ['cancel of a spinning task ms', { at: 300 }],
  ['kill -9 of a worker until CRASHED ms', { at: 300 }],
  ['store growth, MB per 1,000 tasks', { at: 1.5 }],
  ['executor and idle workers, PSS MB', { at: 120 }],
  ['executor and idle workers after all this, PSS MB', null],
]

/** Every row, from the kernel to the engine. */
export function tableOf({ kernels, cells, engine, peer }: Measured): Row[] {
  const ours = kernels['labflow'] ?? {}
  return [
    ...KERNEL_ROWS.map(([name, goal]) => rowOf(name, goal, ours, kernels['python3'] ?? {}, 'ipykernel')),
    ...CELL_ROWS.map(([name, goal]) => rowOf(name, goal, cells, {}, '')),
    ...ENGINE_ROWS.map(([name, goal]) => rowOf(name, goal, engine, peer ?? {}, 'Prefect')),
  ]
}

/** Prints rows as a table in text. */
export function printTable(rows: readonly Row[]): void {
  const cells = rows.map((row) => [row.name, text(row.ours), row.peer === null ? '–' : `${text(row.peer)} ${row.peerName}`, text(row.toReach), row.ratio === null ? '–' : `${row.ratio.toFixed(2)} ×`])
  const lines = [['', 'ours', 'peer', 'to reach', 'ours / to reach'], ...cells]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => (line[column] as string).length)))
  for (const line of lines) console.log(line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join('   '))
}

function rowOf(name: string, goal: Goal, ours: Figures, peers: Figures, peerName: string): Row {
  const own = ours[name]?.median ?? null
  const peer = peers[name]?.median ?? null
  const toReach = goal === null ? null : 'at' in goal ? goal.at : peer === null ? null : Number((goal.ofPeer * peer).toPrecision(3))
  return { name, ours: own, peer, peerName, toReach, ratio: own === null || toReach === null ? null : own / toReach }
}

function text(value: number | null): string {
  if (value === null) return '–'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
