/**
 * Owns `npm start` after the set-up: build, kernelspec and extension in the project's own folder, JupyterLab found or installed, opened
 * on the welcome notebook. Refuses to write into the user's home: the kernel is found through JUPYTER_PATH.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, globSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environmentPython, installPythonPackages } from './python.mjs'
import { say, stop } from './terminal.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dataFolder = join(root, '.cache', 'jupyter')
const builtMain = join(root, 'dist', 'src', 'cli', 'main.js')
/** What Labflow's extension and kernel were tried with. */
const OLDEST_LAB = [4, 2]

buildIfStale()
registerKernel()
openLab(findLab())

function buildIfStale() {
  const newest = Math.max(...globSync(['src/**/*.ts', 'kernel/**/*', 'magics/**/*.ts', 'configs/**/*'], { cwd: root, exclude: (path) => path.includes('dist') }).map((path) => statSync(join(root, path)).mtimeMs))
  if (existsSync(builtMain) && statSync(builtMain).mtimeMs >= newest) return
  say('building')
  must(spawnSync(process.execPath, [join(root, 'tools', 'build.mjs')], { cwd: root, stdio: 'inherit' }), 'the build failed: see its message above')
}

function registerKernel() {
  const env = { ...process.env, JUPYTER_DATA_DIR: dataFolder }
  must(spawnSync(process.execPath, [builtMain, 'install', '--quiet'], { cwd: root, stdio: 'inherit', env }), 'the kernel could not be registered: see the message above')
  say('kernel "TypeScript (Labflow)" registered in .cache/jupyter')
}

/** The command line of a JupyterLab that is recent enough: the user's own, else the project's. */
function findLab() {
  const own = ['jupyter-lab']
  const version = labVersion(own)
  if (version !== null && isRecent(version)) {
    say(`using your JupyterLab ${version}`)
    return own
  }
  if (version !== null) say(`your JupyterLab ${version} is older than ${OLDEST_LAB.join('.')} or too new: installing one into .venv`)
  const project = [environmentPython(root), '-m', 'jupyterlab']
  if (!existsSync(project[0]) || labVersion(project) === null) installPythonPackages(root, 'lab')
  say(`using the project's JupyterLab ${labVersion(project)}`)
  return project
}

function labVersion(command) {
  const probe = spawnSync(command[0], [...command.slice(1), '--version'], { encoding: 'utf8' })
  return probe.status === 0 ? probe.stdout.trim() : null
}

function isRecent(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === OLDEST_LAB[0] && minor >= OLDEST_LAB[1]
}

function openLab(command) {
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
  const args = [
    ...command.slice(1),
    join(root, 'notebooks', 'welcome.ipynb'),
    `--ServerApp.root_dir=${join(root, 'notebooks')}`,
    ...(hasDisplay ? [] : ['--no-browser']),
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
    ...process.argv.slice(2),
  ]
  const searched = [dataFolder, process.env.JUPYTER_PATH].filter(Boolean).join(delimiter)
  say('starting JupyterLab (press Ctrl+C twice to stop it; runs in the background go on)')
  const lab = spawn(command[0], args, { cwd: root, stdio: ['inherit', 'inherit', 'pipe'], env: { ...process.env, JUPYTER_PATH: searched } })
  let isAddressShown = false
  let tail = ''
  lab.stderr.on('data', (chunk) => {
    process.stderr.write(chunk)
    tail = (tail + chunk).slice(-4096)
    const address = /https?:\/\/(?:localhost|127\.0\.0\.1):\d+\/lab\S*/.exec(tail)
    if (isAddressShown || address === null || !/\s/.test(tail.slice(address.index + address[0].length))) return
    isAddressShown = true
    const welcome = address[0].replace('/lab?', '/lab/tree/welcome.ipynb?')
    say(hasDisplay ? `JupyterLab opens in your browser; its address is ${welcome}` : `no display here: open this address in a browser  ${welcome}`)
  })
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => lab.kill('SIGTERM'))
  lab.on('error', (error) => stop(`JupyterLab did not start: ${error.message}`))
  lab.on('exit', (code) => process.exit(code ?? 0))
}

function must(done, failure) {
  if (done.status !== 0) stop(failure)
}
