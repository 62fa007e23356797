/**
 * Owns the named points at which a test may break the engine. Inert unless LABFLOW_FAULTS arms one:
 * `point=kill`, `point=ENOSPC`, `point=signal:/path` (touches the file), several joined by commas.
 */
import { writeFileSync } from 'node:fs'

/** The points, so that a misspelt one does not compile. */
export type FaultPoint =
  | 'executor.before-commit'
  | 'executor.after-commit'
  | 'executor.after-bind'
  | 'store.write-result'
  | 'store.commit'
  | 'store.executor-file'

const armed = new Map<string, string>(
  (process.env.LABFLOW_FAULTS ?? '').split(',').filter(Boolean).map((rule) => {
    const at = rule.indexOf('=')
    return [rule.slice(0, at), rule.slice(at + 1)] as const
  }),
)

/** Does what a test armed at this point: nothing otherwise. @throws an Error with the armed `code`, such as ENOSPC. */
export function fault(point: FaultPoint): void {
  if (armed.size === 0) return
  const action = armed.get(point)
  if (action === undefined) return
  if (action === 'kill') process.kill(process.pid, 'SIGKILL')
  else if (action.startsWith('signal:')) writeFileSync(action.slice(7), point)
  else throw Object.assign(new Error(`fault at ${point}: ${action}`), { code: action })
}
