/**
 * Owns the recognition of tasks and flows among the notebook's values. Loads nothing of the API: a session starts without it.
 */
import type { RunDefinition } from '../../src/api/definition.ts'

/** Set by `task()` and `flow()` of the public API on what they return. */
const taskSymbol = Symbol.for('labflow.task')

/** The definition of a task or flow; null for any other value. */
export function taskOf(value: unknown): RunDefinition | null {
  if (typeof value !== 'function' || !Object.hasOwn(value, taskSymbol)) return null
  return (value as unknown as Record<symbol, RunDefinition>)[taskSymbol] ?? null
}
