/** Owns the executor's settings and the environment variables that set them. */
import { availableParallelism } from 'node:os'
import { entryPath } from '../entry.ts'
import { LabflowError } from '../model/errors.ts'

export interface ExecutorSettings {
  /** Tasks at work at once. LABFLOW_SLOTS, default: number of cores. */
  slots: number
  /** Flows and waiting tasks that may hold a process at once. LABFLOW_MAX_PARKED, default 64. */
  maxParkedWorkers: number
  /** The executor ends itself after this long with nothing to do. LABFLOW_IDLE_MS, default 15 minutes. */
  idleMs: number
  /** A run that says nothing logs a line this often. LABFLOW_SILENT_MS, default 30 s. */
  silentMs: number
  /** Entry file of a worker. LABFLOW_WORKER_ENTRY (tests), default src/worker/main. */
  workerEntry: string
}

/** Reads the settings. @throws LabflowError BAD_CONFIG naming the variable. */
export function readSettings(env: NodeJS.ProcessEnv): ExecutorSettings {
  const count = (name: string, byDefault: number, least: number): number => {
    const text = env[name]
    if (text === undefined || text === '') return byDefault
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < least) throw new LabflowError('BAD_CONFIG', `${name} is "${text}": it takes a whole number, ${least} at least.`)
    return value
  }
  return {
    slots: count('LABFLOW_SLOTS', availableParallelism(), 1),
    maxParkedWorkers: count('LABFLOW_MAX_PARKED', 64, 1),
    idleMs: count('LABFLOW_IDLE_MS', 15 * 60_000, 100),
    silentMs: count('LABFLOW_SILENT_MS', 30_000, 100),
    workerEntry: env.LABFLOW_WORKER_ENTRY || entryPath('src/worker/main'),
  }
}
