/**
 * Owns what an attempt cost and what it left behind in its process.
 */

/** CPU seconds since `since` (user and system) and the process's peak memory in bytes. */
export function usageSince(since: NodeJS.CpuUsage): { cpuSeconds: number; peakMemoryBytes: number } {
  const used = process.cpuUsage(since)
  return { cpuSeconds: (used.user + used.system) / 1e6, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 }
}

/** The state of a process before an attempt, to tell whether the attempt left it clean. */
export interface ProcessTraces {
  globalNames: Set<PropertyKey>
  resources: Map<string, number>
  listeners: number
}

export function processTraces(): ProcessTraces {
  return {
    globalNames: new Set(Reflect.ownKeys(globalThis)),
    resources: countResources(),
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  }
}

/** What an attempt left behind, in words; empty when another attempt may use this process. */
export function leftovers(before: ProcessTraces): string[] {
  const left: string[] = []
  for (const name of Reflect.ownKeys(globalThis)) if (!before.globalNames.has(name) && !isOwnGlobal(name)) left.push(`global ${String(name)}`)
  for (const [name, count] of countResources()) if (count > (before.resources.get(name) ?? 0)) left.push(name)
  if (processTraces().listeners > before.listeners) left.push('process listeners')
  return left
}

/** Work of the user's that goes on without the run, in words; null when there is none. */
export function unfinishedWork(before: ProcessTraces): string | null {
  const counts = countResources()
  const words = UNFINISHED.filter(([name]) => (counts.get(name) ?? 0) > (before.resources.get(name) ?? 0)).map(([, text]) => text)
  return words.length === 0 ? null : `${words.join(' and ')} ${words.length === 1 ? 'was' : 'were'}`
}

/** Sockets are left out: what `fetch` keeps open is nobody's unfinished work. */
const UNFINISHED = [['Timeout', 'a timer'], ['ProcessWrap', 'a child process']] as const

/** Node itself leaves these on globalThis when `fetch`, `WebSocket` and the like are first touched. */
function isOwnGlobal(name: PropertyKey): boolean {
  return typeof name === 'symbol' && (name.description ?? '').startsWith('undici.')
}

/** Handles that Node opens and closes by itself say nothing of user code. */
const OWN_RESOURCES = new Set(['Immediate', 'TickObject', 'CloseReq', 'FSReqCallback', 'FSReqPromise', 'MessagePort', 'WriteWrap', 'ShutdownWrap'])

function countResources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of process.getActiveResourcesInfo()) {
    if (!OWN_RESOURCES.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}
