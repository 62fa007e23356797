/**
 * Owns the way from TypeScript to JavaScript: types off, enums and namespaces lowered, standard decorators lowered where V8 cannot read them.
 * Refuses to drop imports: only what is marked as a type goes (oxc sees one cell, later cells may use the rest).
 */
import { createRequire } from 'node:module'
import { Script } from 'node:vm'
import { transformSync } from 'oxc-transform'
import { badCode, languageOf, parseErrors } from './parse.ts'
import { positionOf } from './text-position.ts'
import { hasDecorators, lowerDecorators } from './decorators.ts'
import type { SourceMap } from './source-map.ts'

export interface StrippedCode {
  /** JavaScript, module goal. */
  code: string
  /** Standard source map, back to the text as typed; absent when not asked for or when esbuild rewrote the whole text. */
  map?: SourceMap
}

/** Options of {@link stripTypes}. */
export interface StripOptions {
  /** Default false: a map costs about a quarter more time. */
  wantsMap?: boolean
  /** Module that JSX elements come from; default `react`. */
  jsxImportSource?: string
}

/**
 * Turns TypeScript (or TSX, by the file name) into JavaScript that this Node can run.
 * @throws LabflowError BAD_CODE with line, column, source line and caret.
 */
export function stripTypes(source: string, filename: string, options: StripOptions = {}): StrippedCode {
  const language = languageOf(filename)
  const result = transformSync(filename, source, {
    lang: language,
    sourceType: 'module',
    target: 'esnext',
    sourcemap: options.wantsMap === true,
    typescript: { onlyRemoveTypeImports: true },
    jsx: { runtime: 'automatic', ...(options.jsxImportSource ? { importSource: options.jsxImportSource } : {}) },
  })
  if (result.errors.length > 0) throw syntaxError(source, filename, result.errors[0]!)
  // oxc marks a text whose imports were all types as a module; the marker would hide the last expression.
  let code = result.code.replace(/(?:^|\n)export \{\};?\s*$/, '\n')
  if (/@(?!__PURE__)/.test(code) && hasDecorators(code)) code = lowerDecorators(code)
  if (/\busing\b/.test(code) && !nodeKnowsUsing()) return { code: lowerUsing(code) }
  return result.map ? { code, map: result.map } : { code }
}

function syntaxError(source: string, filename: string, error: { message: string; labels: readonly { start: number }[] }): Error {
  // The transform counts bytes, the parser UTF-16 units: prefer the parser's account of the same error.
  const parsed = parseErrors(source, filename)[0]
  if (parsed) return badCode(source, filename, parsed)
  const bytes = Buffer.from(source, 'utf8').subarray(0, error.labels[0]?.start ?? 0)
  const offset = bytes.toString('utf8').length
  return badCode(source, filename, { message: error.message, offset, ...positionOf(source, offset), isAtEnd: false })
}

let knowsUsing: boolean | null = null

function nodeKnowsUsing(): boolean {
  if (knowsUsing === null) {
    try {
      new Script('{ using x = null }')
      knowsUsing = true
    } catch {
      knowsUsing = false
    }
  }
  return knowsUsing
}

function lowerUsing(code: string): string {
  // Loaded on first need: most notebooks never need a second compiler.
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild')
  return esbuild.transformSync(code, { loader: 'js', target: 'esnext', supported: { using: false }, treeShaking: false }).code
}
