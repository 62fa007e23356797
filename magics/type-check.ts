/**
 * Owns the check of types before a background run: an error stops it before an hour is burnt.
 * Refuses to stop anything because the checker itself failed.
 */
import { CellError } from '../kernel/cell/cell-error.ts'
import type { MagicContext } from '../kernel/cell/magic.ts'
import type { Diagnostic } from '../kernel/contract.ts'

/** At most so many errors are shown. */
const MAX_SHOWN = 10

/** @throws CellError with the errors in the words of the compiler, unless notebook.backgroundTypes says off or warn. */
export async function checkTypes(context: MagicContext): Promise<void> {
  const policy = context.notebook.settings().get('notebook.backgroundTypes')
  if (policy === 'off') return
  const errors = await typeErrors(context.body, context)
  if (errors.length === 0) return
  const lines = diagnosticLines(context.body, errors)
  if (policy === 'warn') return context.output.stream('stderr', `${lines.join('\n')}\n`)
  const message = `${errors.length} type ${errors.length === 1 ? 'error' : 'errors'}, so nothing was run`
  const advice = 'LABFLOW_NOTEBOOK_BACKGROUND_TYPES=warn, or notebook.backgroundTypes in labflow.yaml, lets it run nevertheless'
  throw new CellError({ name: 'TypeCheckError', code: 'BAD_CODE', message: `${message}: line ${errors[0]?.line}: ${errors[0]?.message}`, traceback: [...lines, '', `${message}. ${advice}.`] })
}

/** The errors among the diagnostics of some code; none when the engine cannot answer. */
export async function typeErrors(source: string, context: MagicContext): Promise<Diagnostic[]> {
  try {
    const language = await context.notebook.language()
    const errors = (await language.diagnose(source)).filter(({ severity }) => severity === 'error')
    return await withoutLiveNames(errors, context)
  } catch {
    return []
  }
}

/** A name that the session has, by globalThis.x = … or eval, is there for the run too, whatever the checker knows. */
async function withoutLiveNames(errors: Diagnostic[], context: MagicContext): Promise<Diagnostic[]> {
  const nameOf = (error: Diagnostic): string | null => /^Cannot find name '([^']+)'/.exec(error.message)?.[1] ?? null
  const names = new Set(errors.map(nameOf).filter((name) => name !== null))
  const live = new Set<string>()
  for (const name of names) if ((await context.notebook.session.describe(name)).exists) live.add(name)
  return errors.filter((error) => !live.has(nameOf(error) ?? ''))
}

/** Each error with its line of code and a caret. */
function diagnosticLines(source: string, errors: readonly Diagnostic[]): string[] {
  const code = source.split('\n')
  const lines = errors.slice(0, MAX_SHOWN).flatMap((error) => {
    const text = code[error.line - 1] ?? ''
    const caret = ' '.repeat(Math.max(0, error.column - 1)) + '~'.repeat(Math.max(1, Math.min(error.lengthChars, text.length - error.column + 1)))
    return [`line ${error.line}:${error.column} TS${error.code}: ${error.message}`, `  ${text}`, `  ${caret}`]
  })
  return errors.length > MAX_SHOWN ? [...lines, `and ${errors.length - MAX_SHOWN} more`] : lines
}
