/** The suite that all Jupyter kernels are measured by (jupyter_kernel_test 0.7), every part of it, none skipped. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installKernel } from '../../../kernel/install.ts'
import { treeRoot } from '../../../src/entry.ts'

const python = process.env['LABFLOW_TEST_PYTHON'] ?? join(treeRoot, '.venv', 'bin', 'python')
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lf-suite-'))
  mkdirSync(join(folder, 'runtime'), { mode: 0o700 })
  installKernel({ dataDir: join(folder, 'data') })
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))

test('jupyter_kernel_test passes whole', async () => {
  expect(existsSync(python), `No Python at ${python}; set LABFLOW_TEST_PYTHON to one that has jupyter_kernel_test`).toBe(true)
  const suite = spawn(python, [join(import.meta.dirname, 'suite.py')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      JUPYTER_DATA_DIR: join(folder, 'data'),
      JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
      JUPYTER_PLATFORM_DIRS: '1',
      LABFLOW_HISTORY: join(folder, 'history.jsonl'),
      LABFLOW_HOME: join(folder, 'store'),
    },
  })
  const [out, err] = await Promise.all([text(suite.stdout), text(suite.stderr)])
  const line = out.trim().split('\n').at(-1) ?? ''
  expect(line, err).toMatch(/^\{/)
  const summary = JSON.parse(line) as Record<string, unknown>
  expect(summary).toEqual({ run: 13, failures: [], errors: [], skipped: [] })
})
