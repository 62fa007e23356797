/**
 * Owns what happens while code waits for a run: in a worker the waiting run gives its slot back, and an interrupt of the waiting code ends the awaited run.
 */
import type { ApiEnvironment } from './port.ts'

const waitingCounts = new WeakMap<ApiEnvironment, number>()

/** Waits for `value`, parked; `onInterrupt` is called when the surrounding cell or run is aborted first. */
export async function whileWaiting<Value>(environment: ApiEnvironment, value: Promise<Value>, onInterrupt: () => Promise<void>): Promise<Value> {
  const signal = environment.signal?.() ?? null
  const interrupt = (): void => void onInterrupt().catch(() => {})
  if (signal?.aborted === true) interrupt()
  signal?.addEventListener('abort', interrupt, { once: true })
  count(environment, 1)
  try {
    return await value
  } finally {
    count(environment, -1)
    signal?.removeEventListener('abort', interrupt)
  }
}

function count(environment: ApiEnvironment, by: 1 | -1): void {
  const before = waitingCounts.get(environment) ?? 0
  waitingCounts.set(environment, before + by)
  if (before === 0) environment.park?.(true)
  else if (before + by === 0) environment.park?.(false)
}
