/**
 * Owns what the session knows of its surroundings: folder, variables, Node, notebook.
 */
import process from 'node:process'
import type { RunEnvironment } from '../../src/model/run.ts'

/** Where a worker is to run: as this session stands now. */
export function currentEnvironment(): RunEnvironment {
  return { cwd: process.cwd(), env: { ...process.env } as Record<string, string>, nodePath: process.execPath }
}

/** The notebook's path as Jupyter tells it. */
export function notebookPath(): string | null {
  return process.env['JPY_SESSION_NAME'] ?? null
}
