/**
 * Owns the recognition of tasks and flows among the notebook's values.
 */

/** Set by `task()` and `flow()` of the public API on what they return. */
const taskSymbol = Symbol.for('labflow.task')

/** Whether a value is a task or flow. */
export function isLabflowTask(value: unknown): boolean {
  return typeof value === 'function' && Object.hasOwn(value, taskSymbol)
}
