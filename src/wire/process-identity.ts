/**
 * Owns telling one process from another that later got its number: pid and start time together.
 * Where there is no /proc the start time is null and only the pid counts.
 */
import { readFileSync } from 'node:fs'

/** State letter and start time (clock ticks since boot) of a process; null when it is gone or there is no /proc. */
function procStat(pid: number): { state: string; start: string } | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return null
  }
  // The command name may hold spaces and parentheses: fields are counted from the last ')'.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', start: fields[19] ?? '' }
}

/** Start time of a living process, else null. */
export function processStart(pid: number): string | null {
  return procStat(pid)?.start ?? null
}

/** Whether the very process that had this pid and start time still runs; a zombie does not. */
export function isSameProcess(pid: number, start: string | null): boolean {
  const stat = procStat(pid)
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
