/**
 * Owns what a project's tsconfig.json says about modules: `paths`, `baseUrl`, `jsxImportSource`, with `extends` followed.
 * Refuses to fail on a broken file: it then counts as absent, since TypeScript itself reports it better.
 */
import { readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { findUpwards } from './local-files.ts'

/** Module settings of a project; `paths` as [pattern, absolute targets]. */
export interface ModuleConfig {
  paths: [pattern: string, targets: string[]][]
  jsxImportSource: string | undefined
}

const EMPTY: ModuleConfig = { paths: [], jsxImportSource: undefined }
const MAX_EXTENDS = 8
const cache = new Map<string, { stamp: number; config: ModuleConfig }>()

/** Module settings that hold for files in a folder: of the nearest tsconfig.json. */
export function moduleConfig(folder: string): ModuleConfig {
  const path = findUpwards(folder, 'tsconfig.json')
  if (path === null) return EMPTY
  const stamp = statSync(path).mtimeMs
  const known = cache.get(path)
  if (known?.stamp === stamp) return known.config
  const config = readConfig(path, MAX_EXTENDS)
  cache.set(path, { stamp, config })
  return config
}

/** Absolute candidates of a specifier by `paths`, best pattern first; empty when none fits. */
export function mappedPaths(config: ModuleConfig, specifier: string): string[] {
  let best: { prefixChars: number; candidates: string[] } = { prefixChars: -1, candidates: [] }
  for (const [pattern, targets] of config.paths) {
    const [prefix = '', suffix] = pattern.split('*')
    if (suffix === undefined) {
      if (pattern === specifier) return targets
      continue
    }
    const fits = specifier.startsWith(prefix) && specifier.endsWith(suffix) && specifier.length >= prefix.length + suffix.length
    if (!fits || prefix.length <= best.prefixChars) continue
    const star = specifier.slice(prefix.length, specifier.length - suffix.length)
    best = { prefixChars: prefix.length, candidates: targets.map((target) => target.replace('*', star)) }
  }
  return best.candidates
}

interface RawConfig {
  extends?: string | string[]
  compilerOptions?: { baseUrl?: string; paths?: Record<string, string[]>; jsxImportSource?: string }
}

function readConfig(path: string, extendsLeft: number): ModuleConfig {
  const raw = readJsonc(path)
  if (raw === null) return EMPTY
  let inherited = EMPTY
  for (const parent of extendsLeft > 0 ? [raw.extends ?? []].flat() : []) {
    if (!parent.startsWith('.') && !isAbsolute(parent)) continue
    const parentPath = resolve(dirname(path), parent.endsWith('.json') ? parent : `${parent}.json`)
    inherited = { ...inherited, ...readConfig(parentPath, extendsLeft - 1) }
  }
  const options = raw.compilerOptions ?? {}
  const base = resolve(dirname(path), options.baseUrl ?? '.')
  const paths = Object.entries(options.paths ?? {}).map(([pattern, targets]): [string, string[]] => [
    pattern, targets.map((target) => join(base, target)),
  ])
  if (options.baseUrl !== undefined) paths.push(['*', [join(base, '*')]])
  return {
    paths: options.paths === undefined && options.baseUrl === undefined ? inherited.paths : paths,
    jsxImportSource: options.jsxImportSource ?? inherited.jsxImportSource,
  }
}

function readJsonc(path: string): RawConfig | null {
  try {
    const text = readFileSync(path, 'utf8')
    const bare = text
      .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_all, text: string | undefined) => text ?? '')
      .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_all, text: string | undefined) => text ?? '')
    return JSON.parse(bare) as RawConfig
  } catch {
    return null
  }
}
