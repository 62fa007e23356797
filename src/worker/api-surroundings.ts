/**
 * Owns what the public API knows inside a worker: names of the run's code, the way to the executor, parking while it waits.
 */
import { currentRun } from '../api/context.ts'
import type { ApiEnvironment } from '../api/port.ts'
import type { Attempt } from './attempt.ts'
import type { EnginePort } from './engine-port.ts'
import { codecOf } from './run-values.ts'

/** Surroundings of the code of one attempt. */
export function apiEnvironmentOf(attempt: Attempt, engine: EnginePort): ApiEnvironment {
  const { command, names, run } = attempt
  return {
    transport: () => engine,
    scope: names,
    codec: () => codecOf(names),
    environment: () => ({ cwd: process.cwd(), env: { ...process.env } as Record<string, string>, nodePath: command.environment.nodePath }),
    notebook: null,
    parentRunId: () => command.runId,
    signal: () => run.signal,
    park: (isParked) => void engine.request('park', { isParked }).catch(() => {}),
    // Code of a file that is only being loaded belongs to no run: its own calls at the bottom must not start.
    mayCall: () => currentRun() !== null,
  }
}
