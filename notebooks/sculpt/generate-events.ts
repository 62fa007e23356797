/**
 * Owns the made-up detector events of the sculpt notebooks: double ionisation seen by a COLTRIMS reaction microscope,
 * several reaction channels plus random coincidences, seeded, so that everyone has the same 19,000 × 10 table.
 *
 *     node notebooks/sculpt/generate-events.ts [--rows 19000] [--files 4] [--seed 7] [--out notebooks/sculpt/data]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { normalRandom, seededRandom } from './random.ts'
import type { Random } from './random.ts'

/** Columns of a generated file after `event_id`; momenta in atomic units, energies in electronvolt. */
export const FEATURE_COLUMNS = ['px_ion', 'py_ion', 'pz_ion', 'px_e1', 'py_e1', 'pz_e1', 'px_e2', 'py_e2', 'pz_e2', 'energy_sum'] as const

type Vector = readonly [number, number, number]

/** A reaction channel: mean momenta of the two electrons along the polarisation (z), their spread, its share of the events. */
interface Channel {
  name: string
  share: number
  electron1: Vector
  electron2: Vector
  spread: number
  /** Half of the events are mirrored in z: the light has no up and down. */
  isMirrored: boolean
}

const CHANNELS: readonly Channel[] = [
  { name: 'back to back', share: 0.3, electron1: [0, 0, 1.4], electron2: [0, 0, -1.4], spread: 0.16, isMirrored: true },
  { name: 'same side', share: 0.24, electron1: [0.5, 0, 1], electron2: [-0.5, 0, 1], spread: 0.15, isMirrored: true },
  { name: 'fast and slow', share: 0.22, electron1: [2.1, 0.1, 0], electron2: [0, 0.1, 0.15], spread: 0.14, isMirrored: false },
  { name: 'Auger', share: 0.19, electron1: [0, 0.4, 0.2], electron2: [-0.2, 1.9, 0], spread: 0.15, isMirrored: false },
]

const ELECTRONVOLT_PER_HARTREE = 27.2114
/** Detector resolution of the ion's momentum, atomic units. */
const ION_RESOLUTION = 0.08

/** One generated event: the ten features in the order of {@link FEATURE_COLUMNS}. */
export function generateEvent(uniform: Random, normal: Random): number[] {
  let pick = uniform()
  for (const channel of CHANNELS) {
    if (pick < channel.share) return channelEvent(channel, uniform, normal)
    pick -= channel.share
  }
  return randomCoincidence(uniform)
}

function channelEvent(channel: Channel, uniform: Random, normal: Random): number[] {
  const sign = channel.isMirrored && uniform() < 0.5 ? -1 : 1
  const spread = (mean: Vector): number[] => mean.map((value, axis) => (axis === 2 ? sign * value : value) + channel.spread * normal())
  const electron1 = spread(channel.electron1)
  const electron2 = spread(channel.electron2)
  // The ion takes the recoil: momentum is conserved up to the detector's resolution.
  const ion = electron1.map((value, axis) => -(value + (electron2[axis] as number)) + ION_RESOLUTION * normal())
  return withEnergy(ion, electron1, electron2)
}

/** Particles of different events measured together: no conservation law ties them. */
function randomCoincidence(uniform: Random): number[] {
  const anywhere = (): number[] => [0, 1, 2].map(() => (2 * uniform() - 1) * 2.5)
  return withEnergy(anywhere(), anywhere(), anywhere())
}

function withEnergy(ion: number[], electron1: number[], electron2: number[]): number[] {
  const squares = [...electron1, ...electron2].reduce((sum, momentum) => sum + momentum * momentum, 0)
  return [...ion, ...electron1, ...electron2, (squares / 2) * ELECTRONVOLT_PER_HARTREE]
}

/** A file that {@link generateEventFiles} wrote. */
export interface GeneratedFile {
  /** Such as run-101. */
  id: string
  path: string
  nRows: number
}

/**
 * Writes `rows` events over `files` CSV files named run-101.csv, run-102.csv, … into `folder`, which is made if it is not there.
 * The same numbers give the same bytes; each file has its own stream, so that a file does not change with the number of files after it.
 */
export function generateEventFiles(options: { rows: number; files: number; seed: number; folder: string }): GeneratedFile[] {
  const { rows, files, seed, folder } = options
  if (!Number.isInteger(rows) || rows < 1) throw new RangeError(`rows must be a whole number from 1, not ${rows}`)
  if (!Number.isInteger(files) || files < 1 || files > rows) throw new RangeError(`files must be a whole number from 1 to rows (${rows}), not ${files}`)
  mkdirSync(folder, { recursive: true })
  const header = ['event_id', ...FEATURE_COLUMNS].join(',')
  const written: GeneratedFile[] = []
  for (let file = 0, firstEvent = 1; file < files; file++) {
    const id = `run-${101 + file}`
    const nRows = Math.floor(rows / files) + (file < rows % files ? 1 : 0)
    const uniform = seededRandom(seed * 1000 + file)
    const normal = normalRandom(uniform)
    const lines = Array.from({ length: nRows }, (_, row) => {
      const values = generateEvent(uniform, normal).map((value) => value.toFixed(5))
      return `${firstEvent + row},${values.join(',')}`
    })
    const path = join(folder, `${id}.csv`)
    writeFileSync(path, `${header}\n${lines.join('\n')}\n`)
    written.push({ id, path, nRows })
    firstEvent += nRows
  }
  return written
}

function main(): void {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '19000' },
      files: { type: 'string', default: '4' },
      seed: { type: 'string', default: '7' },
      out: { type: 'string', default: join(import.meta.dirname, 'data') },
    },
  })
  const files = generateEventFiles({ rows: Number(values.rows), files: Number(values.files), seed: Number(values.seed), folder: values.out })
  for (const file of files) console.log(`${file.path}  ${file.nRows} rows`)
}

if (import.meta.main) {
  try {
    main()
  } catch (error) {
    console.error((error as Error).message)
    process.exitCode = 1
  }
}
