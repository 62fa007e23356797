/**
 * Owns telling one process from another that later got its number: pid and start time together.
 * Where there is no /proc the start time is null and only the pid counts.
 */
import { readFileSync } from 'node:fs'

/** Fields of /proc/PID/stat from the state letter on, which is 0 here and 3 in proc(5); null when the process is gone or there is no /proc. */
export function processFields(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command name may hold spaces and parentheses: fields are counted from the last ')'.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/** State letter and start time (clock ticks since boot) of a process; null when it is gone or there is no /proc. */
function stateOf(pid: number): { state: string; start: string } | null {
  const fields = processFields(pid)
  return fields === null ? null : { state: fields[0] ?? '', start: fields[19] ?? '' }
}

/** Start time of a living process, else null. */
export function processStart(pid: number): string | null {
  return stateOf(pid)?.start ?? null
}

/** Whether the very process that had this pid and start time still runs; a zombie does not. */
export function isSameProcess(pid: number, start: string | null): boolean {
  const stat = stateOf(pid)
  if (stat !== null) return stat.state !== 'Z' && stat.state !== 'X' && (start === null || stat.start === start)
  // kill(-1) would mean every process there is.
  if (start !== null || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
