/**
 * Owns the answer to "is there another attempt, and when": attempt → delay, error → retried or not.
 * Refuses randomness and clocks of its own: the random share of the jitter is handed in.
 */
import type { ErrorCode, ErrorRecord } from './errors.ts'

/** An exponential delay never grows beyond this. */
export const MAX_RETRY_DELAY_MS = 10 * 60_000

/** How long to wait before attempt n+1. `list` uses its last delay for the rest, `exponential` doubles up to 10 minutes. */
export type RetryDelay =
  | { kind: 'list'; delaysMs: number[] }
  | { kind: 'exponential'; firstMs: number }

/** The part of a run's options that decides about another attempt. */
export interface RetryPolicy {
  retries: number
  retryDelay: RetryDelay
  /** 0…1: each delay is lengthened by a random share up to this. */
  retryJitter: number
  /** Class names (`TypeError`) or `/pattern/` on the message; empty = every error but the deterministic ones, see {@link isRetried}. */
  retryOn: string[]
}

/** Errors that the same code gives again on the same input: another attempt would only cost its delay. User code may throw them too, `code` counts. */
const DETERMINISTIC: readonly ErrorCode[] = [
  'BAD_DATA', 'BAD_PARAMETER', 'BAD_OPTION', 'BAD_CODE', 'BAD_CONFIG', 'CANNOT_CAPTURE', 'CANNOT_ENCODE', 'CANNOT_BIND', 'MUTATES_INPUT', 'NO_SUCH_NAME',
]

/**
 * Milliseconds to wait after attempt number `failedAttempt` (1 for the first) before the next one.
 * @param random 0…1, the share of the jitter that is added.
 */
export function retryDelayMs(policy: RetryPolicy, failedAttempt: number, random: number): number {
  const base = baseDelayMs(policy, failedAttempt)
  return Math.round(base * (1 + policy.retryJitter * random))
}

function baseDelayMs(policy: RetryPolicy, failedAttempt: number): number {
  const delay = policy.retryDelay
  if (delay.kind === 'exponential') return Math.min(MAX_RETRY_DELAY_MS, delay.firstMs * 2 ** (failedAttempt - 1))
  return delay.delaysMs[Math.min(failedAttempt, delay.delaysMs.length) - 1] ?? 0
}

/**
 * Whether an attempt that ended with `error` gets another one. A dead process (`error` null) is retried whatever
 * `retryOn` says: its list names errors of the user's code. Without a list, every error but the deterministic ones is retried.
 */
export function isRetried(policy: RetryPolicy, failedAttempt: number, error: ErrorRecord | null): boolean {
  if (failedAttempt > policy.retries) return false
  if (error === null) return true
  if (policy.retryOn.length > 0) return policy.retryOn.some((rule) => matches(rule, error))
  return !DETERMINISTIC.some((code) => code === error.code)
}

function matches(rule: string, error: ErrorRecord): boolean {
  const pattern = /^\/(.*)\/([dgimsuvy]*)$/s.exec(rule)
  if (pattern === null) return rule === error.name
  try {
    return new RegExp(pattern[1] as string, (pattern[2] as string).replace(/[gy]/g, '')).test(error.message)
  } catch {
    return false
  }
}
