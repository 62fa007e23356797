/**
 * Owns the settings of the umap analysis: configs/sculpt.yaml, with a run's own parameters on top.
 * Refuses unknown names and wrong types, with the name and what was meant.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { ParameterError } from './parameter-error.ts'
import type { UmapAnalysisParameters } from './umap-analysis.ts'

/** The parameters with nothing left out. */
export type UmapAnalysisSettings = Required<UmapAnalysisParameters>

/** The folder that relative paths of data files start from: this one. */
export const DATA_ROOT = import.meta.dirname

/**
 * The settings of a run: `parameters` over configs/sculpt.yaml.
 * @throws ParameterError naming a parameter that is unknown or has the wrong type.
 */
export function resolveSettings(parameters: UmapAnalysisParameters = {}): UmapAnalysisSettings {
  const defaults = readDefaults()
  const known = Object.keys(defaults)
  for (const [name, value] of Object.entries(parameters)) {
    if (!(name in defaults)) throw new ParameterError(`umapAnalysis has no parameter "${name}"; it has ${known.join(', ')}`)
    const expected = typeName(defaults[name as keyof UmapAnalysisSettings])
    if (value !== undefined && typeName(value) !== expected) throw new ParameterError(`umapAnalysis: ${name} must be ${expected}, not ${typeName(value)} (${JSON.stringify(value)?.slice(0, 60)})`)
  }
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  return { ...defaults, ...(Object.fromEntries(given) as UmapAnalysisParameters) }
}

/** The columns of all groups, in order. */
export function columnsOf(selectedFeatures: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.values(selectedFeatures).flat()
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null) return 'null'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** configs/sculpt.yaml of the nearest folder upwards that has one: the repository's. */
function readDefaults(): UmapAnalysisSettings {
  for (let folder = DATA_ROOT; ; folder = dirname(folder)) {
    const path = join(folder, 'configs', 'sculpt.yaml')
    if (existsSync(path)) return parse(readFileSync(path, 'utf8')) as UmapAnalysisSettings
    if (dirname(folder) === folder) throw new Error(`configs/sculpt.yaml is missing: it should be in a folder above ${DATA_ROOT}`)
  }
}
