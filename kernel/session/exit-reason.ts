/**
 * Owns the words for the end of a session process.
 */
import { constants } from 'node:os'

/** What is known of an ended session. */
export interface SessionExit {
  code: number | null
  signal: string | null
  /** The last text on its raw stderr. */
  stderrTail: string
  /** Set when user code called process.exit(). */
  announced: { code: number; where: string | null } | null
}

/** How it ended: `killed by SIGKILL`, `exit code 3 at line 2 of cell-4`, `out of memory`. */
function exitReason(exit: SessionExit): string {
  if (/heap out of memory|Allocation failed|OutOfMemory/i.test(exit.stderrTail)) return 'out of memory'
  if (exit.announced !== null) return `process.exit(${exit.announced.code})${exit.announced.where === null ? '' : ` at ${exit.announced.where}`}`
  if (exit.signal === 'SIGKILL') return 'killed by SIGKILL, by hand or because the machine ran out of memory'
  if (exit.signal !== null) return `killed by ${exit.signal}`
  const signal = exit.code !== null && exit.code > 128 ? Object.entries(constants.signals).find(([, number]) => number === (exit.code as number) - 128)?.[0] : undefined
  return signal === undefined ? `exit code ${exit.code ?? 'unknown'}` : `killed by ${signal}`
}

/** The whole sentence for the notebook. */
export function exitMessage(exit: SessionExit, hasSuccessor: boolean): string {
  return `the session ended (${exitReason(exit)}); variables are gone, ${hasSuccessor ? 'a fresh one was started' : 'the next cell starts a fresh one'}`
}
