/**
 * Owns turning a user's module file into what Node runs: TypeScript and JSX become JavaScript, JSON becomes exports.
 * Keeps each source map, so that an error can name the line as typed.
 */
import { readFileSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { decodeMappings, originalPosition } from '../code/source-map.ts'
import type { Mapping, SourceMap } from '../code/source-map.ts'
import { stripTypes } from '../code/strip.ts'
import { moduleConfig } from './tsconfig.ts'

export interface ModuleSource {
  format: 'module' | 'commonjs'
  source: string
}

const TYPESCRIPT = new Set(['.ts', '.tsx', '.mts', '.cts', '.jsx'])
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/
const RESERVED = new Set(
  ('break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null ' +
    'return super switch this throw true try typeof var void while with yield let static await implements interface package private protected public').split(' '),
)
const maps = new Map<string, SourceMap | Mapping[][]>()

/** Whether Labflow itself makes the JavaScript of this file. */
export function isTypeScript(path: string): boolean {
  return TYPESCRIPT.has(extname(path))
}

/** JavaScript of a TypeScript module. @throws LabflowError BAD_CODE with line, column and caret. */
export function typescriptSource(path: string, url: string): ModuleSource {
  const text = readFileSync(path, 'utf8')
  const jsxImportSource = /x$/.test(path) ? moduleConfig(dirname(path)).jsxImportSource : undefined
  const { code, map } = stripTypes(text, path, { wantsMap: true, ...(jsxImportSource ? { jsxImportSource } : {}) })
  if (map !== undefined) maps.set(url, map)
  return { format: isCommonJs(path, code) ? 'commonjs' : 'module', source: code }
}

/** A JSON file as a module: the whole as default, its keys by name, as `resolveJsonModule` promises. @throws SyntaxError naming the file. */
export function jsonSource(path: string): ModuleSource {
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new SyntaxError(`${path} is not valid JSON: ${(error as Error).message}`)
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const keys = isObject ? Object.keys(value as object).filter((key) => IDENTIFIER.test(key) && !RESERVED.has(key)) : []
  const named = keys.map((key) => `export const ${key} = $json.${key}`)
  return { format: 'module', source: [`const $json = JSON.parse(${JSON.stringify(text)})`, 'export default $json', ...named].join('\n') }
}

/** Line and column as typed, both 1-based, of a place in the JavaScript of a loaded module. */
export function typedPlace(url: string, line: number, column: number): { line: number; column: number } {
  const map = maps.get(url)
  if (map === undefined) return { line, column }
  const mappings = Array.isArray(map) ? map : decodeMappings(map)
  maps.set(url, mappings)
  return originalPosition(mappings, line, column) ?? { line, column }
}

function isCommonJs(path: string, code: string): boolean {
  if (path.endsWith('.cts')) return true
  if (path.endsWith('.mts')) return false
  if (/^\s*(import|export)\b(?!\s*\()/m.test(code) || /\bimport\.meta\b/.test(code)) return false
  return /\b(module\.exports|exports\.\w+\s*=|require\s*\()/.test(code)
}
