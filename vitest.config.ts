import { defineConfig } from 'vitest/config'

/** A project per kind of test; `npm run test:quick` is `unit`, `npm test` runs them all in this order (tools/run-tests.mjs). */
const project = (name: string, include: string[], testTimeout: number, maxWorkers: number) => ({
  test: { name, include, testTimeout, hookTimeout: testTimeout, teardownTimeout: 30_000, pool: 'forks' as const, maxWorkers, environment: 'node' },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['tests/unit/**/*.test.ts', 'tests/tidy/**/*.test.ts'], 60_000, 2),
      project('processes', ['tests/{session,worker,engine,faults,kernel,protocol,cli}/**/*.test.ts'], 120_000, 2),
      project('notebooks', ['tests/notebooks/**/*.test.ts'], 600_000, 1),
      project('browser', ['tests/browser/**/*.test.ts'], 300_000, 1),
    ],
  },
})
