/**
 * Owns run records for tests.
 */
import { DEFAULT_RUN_OPTIONS } from '../../../src/config/option-table.ts'
import type { RunRecord } from '../../../src/model/run.ts'
import type { StateType } from '../../../src/model/state.ts'

/** A run record in the given state; times are small numbers of milliseconds. */
export function runRecord(type: StateType, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    id: '00000000-0000-4000-8000-000000000007', shortId: 'r7', kind: 'task', name: 'fit', runName: 'fit', state: { type, name: type, timeMs: 1000, message: '' },
    attempt: 1, options: { ...DEFAULT_RUN_OPTIONS }, parameters: {}, notebook: null, parentRunId: null, tags: [], createdMs: 0, startedMs: 1000, endedMs: null,
    cachedFrom: null, error: null, progress: null, lastLog: null, cpuSeconds: null, peakMemoryBytes: null, warnings: [], hasResult: false, outputNames: [], ...changes,
  }
}
