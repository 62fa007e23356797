/**
 * Owns what must be there before anything else can run: the npm packages and the pinned Node of the repository.
 * Runs on Node 20 and up with nothing installed; refuses to guess: what is missing is named in one sentence.
 * With `--test` it also gets what the tests need: a Python environment and a Chromium.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPythonPackages } from './python.mjs'
import { findChromium } from './chromium.mjs'
import { say, stop } from './terminal.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const isForTests = process.argv.includes('--test')

const major = Number(process.versions.node.split('.')[0])
if (major < 20) stop(`Labflow's set-up needs Node 20 or newer, and this is ${process.versions.node}: install a newer Node and run the command again.`)

installNodePackages()
if (isForTests) {
  installPythonPackages(root, 'test')
  await findChromium(root)
}

/**
 * Installs what the lock file says when it differs from what was installed last. Not by `npm ci`: that refuses a lock file without the
 * packages of other platforms, and a registry that mirrors only some of them leaves them out. Without install scripts: every package
 * here carries its binaries, and npm would start a needless compiler for better-sqlite3 (it reads `gypfile: false` only without a lock file).
 */
function installNodePackages() {
  const stampPath = join(root, 'node_modules', '.labflow-installed')
  const wanted = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex')
  const has = existsSync(stampPath) ? readFileSync(stampPath, 'utf8') : ''
  if (has !== wanted) {
    say('installing the npm packages (about a minute the first time)')
    run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], 'npm could not install the packages: see its message above; a proxy or an offline machine is the usual reason')
  }
  const pinned = join(root, 'node_modules', 'node', 'bin', 'node')
  if (!existsSync(pinned)) {
    say('fetching the pinned Node')
    // npm scripts run on the pinned Node, which the install above may just have taken away: then the user's own fetches the next.
    const node = existsSync(process.execPath) ? process.execPath : 'node'
    spawnSync(node, ['installArchSpecificPackage.js'], { cwd: join(root, 'node_modules', 'node'), stdio: ['ignore', 'ignore', 'inherit'] })
    // npm links a command only when its file is there at the time of the install.
    const link = join(root, 'node_modules', '.bin', 'node')
    rmSync(link, { force: true })
    if (existsSync(pinned)) symlinkSync(join('..', 'node', 'bin', 'node'), link)
  }
  const isOwnNodeFit = existsSync(process.execPath) && (major > 22 || (major === 22 && Number(process.versions.node.split('.')[1]) >= 15))
  if (!existsSync(pinned) && !isOwnNodeFit) {
    stop('the pinned Node 24 did not install: see the message above, or use Node 22.15 or newer.')
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(stampPath, wanted)
}

function run(command, args, failure) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (done.error?.code === 'ENOENT') stop(`"${command}" was not found: install Node with npm and run the command again.`)
  if (done.status !== 0) stop(failure)
}
