/**
 * Owns the settings of a project: configs/defaults.yaml < the user's file < the project's labflow.yaml < the environment, each value with its source.
 * Refuses unknown names and wrong values with the file and the nearest known name.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { treeRoot } from '../entry.ts'
import { LabflowError } from '../model/errors.ts'
import type { RunOptions } from '../model/run.ts'
import { nearMatch } from './near-match.ts'
import { type GivenOptions, RUN_OPTIONS, runOptionsOf } from './option-table.ts'

/** One value and where it came from: a file's path, `environment NAME` or `defaults`. */
export interface Setting {
  /** Dotted, such as run.retries. */
  key: string
  value: string | number | boolean
  source: string
}

/** All settings in force for a folder. */
export interface Settings {
  /** @throws LabflowError BAD_CONFIG when no such setting exists. */
  get(key: string): Setting['value']
  list(): Setting[]
  /** Run options that some file or the environment set, in the engine's names. */
  runOptions(): Partial<RunOptions>
}

/** Where settings are looked for. */
export interface SettingsPlace {
  /** The notebook's folder; labflow.yaml is looked for here and upwards to a folder with package.json or .git. */
  folder: string
  env: Record<string, string | undefined>
}

/** In a clone and, copied by the build, in dist/. */
const DEFAULTS_PATH = join(treeRoot, 'configs', 'defaults.yaml')

const CHOICES: Record<string, readonly string[]> = {
  'notebook.backgroundTypes': ['off', 'warn', 'error'],
  'notebook.pending': ['wait', 'error'],
}

/** Reads all layers. @throws LabflowError BAD_CONFIG naming file, setting and what was meant. */
export function loadSettings(place: SettingsPlace): Settings {
  const settings = new Map<string, Setting>()
  for (const [key, value] of readLayer(DEFAULTS_PATH, null)) settings.set(key, { key, value, source: 'defaults' })
  const known = [...settings.keys()]
  for (const path of [userPath(place.env), projectPath(place.folder)]) {
    if (path === null || !existsSync(path)) continue
    for (const [key, value] of readLayer(path, known)) settings.set(key, checked({ key, value, source: path }))
  }
  for (const key of known) {
    const name = environmentName(key)
    const value = place.env[name]
    if (value !== undefined && value !== '') settings.set(key, checked({ key, value, source: `environment ${name}` }))
  }
  return {
    get: (key) => {
      const setting = settings.get(key)
      if (!setting) throw unknownKey(key, known, 'the settings')
      return setting.value
    },
    list: () => [...settings.values()],
    runOptions: () => runOptionsFrom(settings.values()),
  }
}

function readLayer(path: string, known: string[] | null): [string, Setting['value']][] {
  const values = valuesIn(path)
  for (const [key] of values) if (known && !known.includes(key)) throw unknownKey(key, known, path)
  return values
}

/** Values by file, kept until the file changes: settings are asked for at every cell, and YAML takes a millisecond to read. */
const files = new Map<string, { stamp: string; values: [string, Setting['value']][] }>()

function valuesIn(path: string): [string, Setting['value']][] {
  const { mtimeNs, ctimeNs, size } = statSync(path, { bigint: true })
  const stamp = `${mtimeNs} ${ctimeNs} ${size}`
  const known = files.get(path)
  if (known?.stamp === stamp) return known.values
  const values = readValues(path)
  files.set(path, { stamp, values })
  return values
}

function readValues(path: string): [string, Setting['value']][] {
  const document = parseDocument(readFileSync(path, 'utf8'))
  const problem = document.errors[0]
  if (problem) throw new LabflowError('BAD_CONFIG', `${path} is no valid YAML: ${problem.message}`)
  const tree: unknown = document.toJS()
  if (tree === null || tree === undefined) return []
  return flatten(tree, '', path)
}

function flatten(tree: unknown, prefix: string, path: string): [string, Setting['value']][] {
  if (typeof tree === 'string' || typeof tree === 'number' || typeof tree === 'boolean') return [[prefix, tree]]
  if (typeof tree !== 'object' || tree === null) throw new LabflowError('BAD_CONFIG', `${path}: ${prefix || 'the file'} holds ${JSON.stringify(tree)}, but a value or a block is needed`)
  if (Array.isArray(tree)) return [[prefix, tree.join(',')]]
  return Object.entries(tree).flatMap(([name, value]) => flatten(value, prefix === '' ? name : `${prefix}.${name}`, path))
}

function checked(setting: Setting): Setting {
  const choices = CHOICES[setting.key]
  if (choices && !choices.includes(String(setting.value))) throw badValue(setting, choices.join(', '))
  if (setting.key.startsWith('card.') && !(Number(setting.value) > 0)) throw badValue(setting, 'a number above 0')
  if (setting.key.startsWith('run.')) parseRunSetting(setting)
  return setting
}

function parseRunSetting(setting: Setting): [keyof GivenOptions, unknown] {
  const name = setting.key.slice('run.'.length)
  const spec = RUN_OPTIONS.find((candidate) => candidate.name === name)
  if (!spec) throw new LabflowError('BAD_CONFIG', `${setting.source}: there is no run option ${name}`)
  try {
    return [name as keyof GivenOptions, spec.parse(String(setting.value))]
  } catch (error) {
    throw new LabflowError('BAD_CONFIG', `${setting.source}: ${setting.key}: ${(error as Error).message}`, { cause: error })
  }
}

function runOptionsFrom(settings: Iterable<Setting>): Partial<RunOptions> {
  const given: Record<string, unknown> = {}
  for (const setting of settings) {
    if (!setting.key.startsWith('run.') || setting.source === 'defaults') continue
    const [name, value] = parseRunSetting(setting)
    given[name] = value
  }
  return runOptionsOf(given as GivenOptions)
}

function userPath(env: SettingsPlace['env']): string | null {
  const base = env['XDG_CONFIG_HOME'] || (env['HOME'] ? join(env['HOME'], '.config') : null)
  return base ? join(base, 'labflow', 'labflow.yaml') : null
}

function projectPath(folder: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, 'labflow.yaml')
    if (existsSync(path)) return path
    if (existsSync(join(at, 'package.json')) || existsSync(join(at, '.git')) || dirname(at) === at) return null
  }
}

/** run.retryDelay → LABFLOW_RUN_RETRY_DELAY. */
function environmentName(key: string): string {
  return `LABFLOW_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).replaceAll('.', '_').toUpperCase()}`
}

function unknownKey(key: string, known: string[], where: string): LabflowError {
  const near = nearMatch(key, known)
  return new LabflowError('BAD_CONFIG', `${where}: there is no setting ${key}${near ? `: did you mean ${near}?` : ''}`)
}

function badValue(setting: Setting, expected: string): LabflowError {
  return new LabflowError('BAD_CONFIG', `${setting.source}: ${setting.key} is ${JSON.stringify(setting.value)}, but takes ${expected}`)
}
