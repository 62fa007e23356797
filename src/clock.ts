/**
 * Owns time for the engine: now, a monotonic count, timers, the next turn of the loop. The engine has no other timers,
 * so that a test can hand in a clock of its own.
 */

/** A timer that can be stopped; stopping twice does nothing. */
export interface Timer {
  stop(): void
}

export interface Clock {
  /** Epoch milliseconds. May jump when the machine's clock is set. */
  nowMs(): number
  /** Milliseconds that only grow, from an arbitrary start. */
  monotonicMs(): number
  /** Calls back once; `keepsAlive` false lets the process end meanwhile. */
  after(delayMs: number, action: () => void, keepsAlive?: boolean): Timer
  /** Calls back again and again until stopped; never keeps the process alive. */
  every(periodMs: number, action: () => void): Timer
  /** Calls back when the events at hand in this turn of the loop have been handled. */
  soon(action: () => void): void
  sleep(delayMs: number): Promise<void>
}

/** setTimeout takes 31 bits; longer waits are made of several. */
const MAX_TIMER_MS = 2 ** 31 - 1

function after(delayMs: number, action: () => void, keepsAlive = true): Timer {
  let handle: NodeJS.Timeout
  const arm = (leftMs: number): void => {
    handle = setTimeout(() => (leftMs > MAX_TIMER_MS ? arm(leftMs - MAX_TIMER_MS) : action()), Math.min(leftMs, MAX_TIMER_MS))
    if (!keepsAlive) handle.unref()
  }
  arm(Math.max(0, delayMs))
  return { stop: () => clearTimeout(handle) }
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after,
  every(periodMs, action) {
    const handle = setInterval(action, periodMs)
    handle.unref()
    return { stop: () => clearInterval(handle) }
  },
  soon: (action) => void setImmediate(action),
  sleep: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)),
}
