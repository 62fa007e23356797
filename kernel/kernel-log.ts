/**
 * Owns the kernel's own log file beside the connection file: created at the first line, private, bounded.
 * Nothing of it reaches the notebook, and a log that cannot be written never stops the kernel.
 */
import { appendFileSync, rmSync } from 'node:fs'

/** The log ends here; the first lines are the ones that tell what went wrong. */
const maxLogBytes = 1_000_000

export interface KernelLog {
  write(line: string): void
  /** Removes the file: a kernel that left in order leaves nothing behind. */
  remove(): void
  readonly path: string
}

/** Log of the kernel with this connection file: the same name with `.labflow.log`. An older one is removed. */
export function createKernelLog(connectionFile: string): KernelLog {
  const path = `${connectionFile.replace(/\.json$/, '')}.labflow.log`
  let writtenBytes = 0
  tryTo(() => rmSync(path, { force: true }))
  return {
    path,
    remove() {
      tryTo(() => rmSync(path, { force: true }))
    },
    write(line) {
      if (writtenBytes > maxLogBytes) return
      const text = `${new Date().toISOString()} ${line}\n`
      writtenBytes += Buffer.byteLength(text)
      const end = writtenBytes > maxLogBytes ? 'log is full, further lines are dropped\n' : ''
      tryTo(() => appendFileSync(path, text + end, { mode: 0o600 }))
    },
  }
}

function tryTo(act: () => void): void {
  try {
    act()
  } catch {
    // a full disk or a folder that is gone: the kernel goes on without a log
  }
}
