/**
 * Owns what /proc tells of a process and its descendants: who they are, their memory and CPU time; and ending all of them.
 * Where there is no /proc only the process group is known, and nothing is measured.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { processFields } from '../wire/process-identity.ts'

/** Clock ticks a second in /proc on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

export interface TreeUsage {
  memoryBytes: number
  cpuSeconds: number
}

interface ProcessLine {
  pid: number
  parent: number
  group: number
  session: number
  ticks: number
}

function readLine(pid: number): ProcessLine | null {
  const fields = processFields(pid)
  if (fields === null) return null
  const number = (index: number): number => Number(fields[index])
  return { pid, parent: number(1), group: number(2), session: number(3), ticks: number(11) + number(12) + number(13) + number(14) }
}

/** Pids of a process, its descendants, and whatever else is in its group or session. */
function treeOf(root: number): number[] {
  const lines: ProcessLine[] = []
  try {
    for (const name of readdirSync('/proc')) {
      const line = /^\d+$/.test(name) ? readLine(Number(name)) : null
      if (line !== null) lines.push(line)
    }
  } catch {
    return [root]
  }
  const members = new Set(lines.filter((line) => line.pid === root || line.group === root || line.session === root).map((line) => line.pid))
  members.add(root)
  for (let grew = true; grew;) {
    grew = false
    for (const line of lines) {
      if (members.has(line.parent) && !members.has(line.pid)) {
        members.add(line.pid)
        grew = true
      }
    }
  }
  return [...members]
}

/** Signals a process, its group and every descendant known; those already gone are passed over. */
export function signalTree(root: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  // Negative, 0 and 1 mean groups of others, or everybody.
  if (!Number.isSafeInteger(root) || root <= 1) return
  const members = treeOf(root)
  for (const pid of [-root, ...members]) {
    try {
      process.kill(pid, signal)
    } catch {
      // ESRCH: gone meanwhile, which is what is wanted.
    }
  }
}

/** Memory shared fairly among its users (PSS) and CPU time of a tree, children that ended included; null without /proc. */
export function usageOf(root: number): TreeUsage | null {
  let memoryBytes = 0
  let ticks = 0
  let found = false
  for (const pid of treeOf(root)) {
    const line = readLine(pid)
    if (line === null) continue
    found = true
    ticks += line.ticks
    memoryBytes += pssOf(pid)
  }
  return found ? { memoryBytes, cpuSeconds: ticks / TICKS_PER_SECOND } : null
}

/** PSS of one process in bytes; 0 when it cannot be read. */
export function pssOf(pid: number): number {
  try {
    const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))
    return match === null ? 0 : Number(match[1]) * 1024
  } catch {
    return 0
  }
}
