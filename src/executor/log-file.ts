/** Owns `.labflow/executor.log`: one line a remark, at most 1 MB and one older file. A log that cannot be written is done without. */
import { appendFileSync, renameSync, statSync } from 'node:fs'
import type { Clock } from '../clock.ts'

const MAX_BYTES = 1_000_000

/** Returns the function that writes a line with the time before it. */
export function openLog(path: string, clock: Clock): (words: string) => void {
  let sizeBytes = sizeOf(path)
  return (words) => {
    const line = `${new Date(clock.nowMs()).toISOString()} ${words.replaceAll('\n', ' ⏎ ').slice(0, 4_000)}\n`
    try {
      if (sizeBytes > MAX_BYTES) {
        renameSync(path, `${path}.1`)
        sizeBytes = 0
      }
      appendFileSync(path, line, { mode: 0o600 })
      sizeBytes += Buffer.byteLength(line)
    } catch {
      // A full disk must not end the executor over a log line.
    }
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}
