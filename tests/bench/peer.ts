/**
 * Owns the Python environment of the peer (Prefect), made at the first bench. Refuses to stop the bench: without it the peer's column is empty, and that is said.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Path of a Python that has the peer's packages; null when it cannot be had. */
export function peerPython(root: string): string | null {
  const environment = join(root, '.cache', 'bench-venv')
  const python = join(environment, 'bin', 'python')
  const requirements = join(root, 'tests', 'bench', 'requirements.txt')
  const stamp = join(environment, '.labflow-bench')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python
  if (!existsSync(python)) {
    console.log('labflow · bench: making .cache/bench-venv for Prefect (some minutes the first time)')
    if (!succeeds(join(root, '.venv', 'bin', 'python'), ['-m', 'venv', environment])) return without('no Python environment could be made')
  }
  if (!succeeds(python, ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', '-r', requirements])) return without('pip could not install tests/bench/requirements.txt')
  writeFileSync(stamp, wanted)
  return python
}

function succeeds(command: string, words: string[]): boolean {
  return spawnSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
}

function without(reason: string): null {
  console.error(`labflow · bench: Prefect is NOT measured beside Labflow: ${reason}`)
  return null
}
