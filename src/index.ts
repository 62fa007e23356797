/**
 * Owns the public API: what `import … from 'labflow'` gives, in cells, files, workers and plain programs.
 */
export { flow, task, type Flow, type Task } from './api/task.ts'
export type { Runnable } from './api/callable.ts'
export type { Duration, TaskOptions } from './api/options.ts'
export type { RunFuture } from './api/future.ts'
export { asCompleted, type EndedRun, type MapFutures } from './api/map-futures.ts'
export { progress, type ProgressOptions } from './api/progress.ts'
export { logger } from './api/logger.ts'
export { currentRun, type RunContext } from './api/context.ts'
export type { RunError } from './api/run-error.ts'
export { clearOutput, display, html, md, svg, tex } from './display/index.ts'
export { codec, type ClassAdapter } from './values/codec.ts'
export { LabflowError, type ErrorCode } from './model/errors.ts'
export type { RunState, StateType } from './model/state.ts'
