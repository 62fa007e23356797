/**
 * Owns the project's own Python environment (.venv): JupyterLab for `npm start`, the Jupyter test tools for `npm test`.
 * Refuses to touch any other Python environment.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { say, stop } from './terminal.mjs'

const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python']

/** Path of the Python of the project's environment. */
export function environmentPython(root) {
  return join(root, '.venv', 'bin', 'python')
}

/**
 * Makes .venv if needed and installs tools/requirements-<purpose>.txt into it, once per content of that file.
 * Ends the process with one sentence when Python 3.11+ or its venv module is missing.
 */
export function installPythonPackages(root, purpose) {
  const python = environmentPython(root)
  const requirements = join(root, 'tools', `requirements-${purpose}.txt`)
  const stampPath = join(root, '.venv', `.labflow-${purpose}`)
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (existsSync(python) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === wanted) return
  if (!existsSync(join(root, '.venv', 'bin', 'pip'))) makeEnvironment(root)
  say(`installing the Python packages of tools/requirements-${purpose}.txt into .venv (one to two minutes the first time)`)
  const done = spawnSync(python, ['-m', 'pip', 'install', '--disable-pip-version-check', '--quiet', '-r', requirements], { stdio: 'inherit' })
  if (done.status !== 0) stop('pip could not install the Python packages: see its message above.')
  writeFileSync(stampPath, wanted)
}

function makeEnvironment(root) {
  const found = CANDIDATES.find((name) => isRecentPython(name))
  if (found === undefined) stop('Python 3.11 or newer was not found: install it (on Debian "apt install python3 python3-venv") and run the command again.')
  say(`making the Python environment .venv with ${found}`)
  const done = spawnSync(found, ['-m', 'venv', join(root, '.venv')], { stdio: 'inherit' })
  if (done.status !== 0) stop(`"${found} -m venv" failed: install Python's venv module (on Debian "apt install python3-venv") and run the command again.`)
  // JupyterLab runs a CommonJS yarn.js from there; below our "type": "module" Node would read it as an ES module and print all of it.
  writeFileSync(join(root, '.venv', 'package.json'), '{}\n')
}

function isRecentPython(name) {
  const probe = spawnSync(name, ['-c', 'import sys; print(sys.version_info >= (3, 11))'], { encoding: 'utf8' })
  return probe.status === 0 && probe.stdout.trim() === 'True'
}
