/**
 * Owns a real JupyterLab in a real Chromium for tests: everything Jupyter writes stays in a temporary folder.
 * Waits on what the page shows, never on time.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'

const root = join(import.meta.dirname, '..', '..')
const TOKEN = 'labflow-tests'
/** A cold JupyterLab page took up to 9 s on two busy cores; CI gets far more. */
const OPEN_LIMIT_MS = 120_000

export interface Lab {
  /** Folder that the server shows; notebooks are opened by their path in it. */
  folder: string
  /** The page of now; another one after `newPage`. */
  readonly page: Page
  /** Closes the page, as a user closes the browser, and gives a fresh one. */
  newPage(): Promise<void>
  /** Opens a notebook and waits until its kernel is there. */
  open(path: string): Promise<void>
  /** Runs every cell by the menu. */
  runAll(): Promise<void>
  /** Runs one cell (code cells counted from 0) and does not wait for its end. */
  runCell(index: number): Promise<void>
  /** Waits until the cell at `index` (code cells counted from 0) has an execution number. */
  cellDone(index: number): Promise<void>
  save(): Promise<void>
  /** Keeps a picture under test-output/screenshots; of the first element that the selector names, else of what the page shows. */
  picture(name: string, selector?: string): Promise<void>
  /** The same in the light and in the dark theme: NAME-light.png, NAME-dark.png. */
  pictures(name: string, selector?: string): Promise<void>
  setTheme(name: 'JupyterLab Light' | 'JupyterLab Dark'): Promise<void>
  close(): Promise<void>
}

/** Starts JupyterLab with Labflow's kernel (from the built dist/) and a browser on it; `notebooks` are copied into its folder, configs/ and packages beside them. */
export async function startLab(notebooks: string[]): Promise<Lab> {
  const home = mkdtempSync(join(tmpdir(), 'labflow-lab-'))
  const folder = join(home, 'notebooks')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"name":"lab-test","private":true,"type":"module"}')
  for (const path of notebooks) cpSync(join(root, path), join(folder, path.split('/').at(-1) ?? path), { recursive: true })
  cpSync(join(root, 'configs'), join(folder, 'configs'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const env = labEnvironment(home)
  const installed = spawnSync(process.execPath, [join(root, 'dist', 'src', 'cli', 'main.js'), 'install', '--quiet'], { env, encoding: 'utf8' })
  if (installed.status !== 0) throw new Error(`labflow install failed: ${installed.stderr}${installed.stdout}`)
  const port = await freePort()
  const server = startServer(folder, port, env)
  const log: string[] = []
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()))
  await serverUp(port, server, log)
  const context = await openBrowser(home)
  const tab = { page: context.pages()[0] ?? (await context.newPage()) }
  return {
    folder,
    get page() {
      return tab.page
    },
    async newPage() {
      const before = tab.page
      tab.page = await context.newPage()
      await before.close()
    },
    ...actions(tab, port),
    close: () => closeAll(context, server, folder, env, home),
  }
}

function labEnvironment(home: string): NodeJS.ProcessEnv {
  const settings = join(home, 'settings')
  const write = (path: string, value: unknown) => {
    mkdirSync(join(settings, path, '..'), { recursive: true })
    writeFileSync(join(settings, path), JSON.stringify(value))
  }
  write('@jupyterlab/apputils-extension/notification.jupyterlab-settings', { fetchNews: 'false', checkForUpdates: false, doNotDisturbMode: true })
  write('@jupyterlab/notebook-extension/tracker.jupyterlab-settings', { windowingMode: 'none' })
  return {
    ...process.env,
    HOME: home,
    JUPYTER_CONFIG_DIR: join(home, 'config'),
    JUPYTER_DATA_DIR: join(home, 'data'),
    JUPYTER_RUNTIME_DIR: join(home, 'runtime'),
    IPYTHONDIR: join(home, 'ipython'),
    JUPYTERLAB_SETTINGS_DIR: settings,
    JUPYTERLAB_WORKSPACES_DIR: join(home, 'workspaces'),
    LABFLOW_IDLE_MS: '60000',
  }
}

function startServer(folder: string, port: number, env: NodeJS.ProcessEnv): ChildProcess {
  const python = process.env.LABFLOW_TEST_PYTHON ?? join(root, '.venv', 'bin', 'python')
  const args = ['-m', 'jupyterlab', '--allow-root', '--no-browser', '--ip=127.0.0.1', `--port=${port}`, '--ServerApp.port_retries=0', `--IdentityProvider.token=${TOKEN}`, `--ServerApp.root_dir=${folder}`, '--expose-app-in-browser']
  return spawn(python, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function serverUp(port: number, server: ChildProcess, log: string[]): Promise<void> {
  const deadline = performance.now() + OPEN_LIMIT_MS
  while (performance.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`JupyterLab ended with ${server.exitCode}:\n${log.join('')}`)
    const answer = await fetch(`http://127.0.0.1:${port}/api/status?token=${TOKEN}`).catch(() => null)
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`JupyterLab did not answer in ${OPEN_LIMIT_MS} ms:\n${log.join('')}`)
}

async function openBrowser(home: string): Promise<BrowserContext> {
  const recordPath = join(root, '.cache', 'chromium.json')
  if (!existsSync(recordPath)) throw new Error('no Chromium was set up: run "node tools/setup.mjs --test"')
  const record = JSON.parse(readFileSync(recordPath, 'utf8')) as { executablePath: string; libraryPath: string | null }
  const context = await chromium.launchPersistentContext(join(home, 'browser'), {
    executablePath: record.executablePath,
    headless: true,
    viewport: { width: 1280, height: 1000 },
    env: record.libraryPath === null ? undefined : { ...process.env, LD_LIBRARY_PATH: record.libraryPath } as Record<string, string>,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  context.setDefaultTimeout(OPEN_LIMIT_MS)
  return context
}

/** Scripts of the page are text: the tests are type-checked without the browser's globals. */
const IS_READY = `(() => {
  const text = document.querySelector('#jp-main-statusbar')?.textContent ?? ''
  return /\\| (Idle|Busy)/.test(text) && !/No Kernel/.test(text)
})()`
const isCellDone = (index: number) => `/\\[\\d+\\]/.test(document.querySelectorAll('.jp-CodeCell')[${index}]?.querySelector('.jp-InputPrompt')?.textContent ?? '')`

const cellAt = (index: number): string => `.jp-Notebook .jp-CodeCell >> nth=${index}`

function actions(tab: { readonly page: Page }, port: number): Omit<Lab, 'folder' | 'page' | 'newPage' | 'close'> {
  const setTheme: Lab['setTheme'] = async (name) => {
    await tab.page.evaluate(`jupyterapp.commands.execute('apputils:change-theme', { theme: ${JSON.stringify(name)} })`)
    // The old look is covered by a splash while the new one loads.
    await tab.page.waitForFunction(`document.body.dataset.jpThemeName === ${JSON.stringify(name)} && document.querySelector('#jupyterlab-splash') === null`)
  }
  const picture: Lab['picture'] = async (name, selector) => {
    const pictures = join(root, 'test-output', 'screenshots')
    mkdirSync(pictures, { recursive: true })
    const path = join(pictures, `${name}.png`)
    if (selector === undefined) await tab.page.screenshot({ path })
    else await tab.page.locator(selector).first().screenshot({ path })
  }
  return {
    setTheme,
    picture,
    async pictures(name, selector) {
      await setTheme('JupyterLab Dark')
      await picture(`${name}-dark`, selector)
      await setTheme('JupyterLab Light')
      await picture(`${name}-light`, selector)
    },
    async open(path) {
      const { page } = tab
      await page.goto(`http://127.0.0.1:${port}/lab/tree/${path}?reset&token=${TOKEN}`)
      await page.waitForSelector('.jp-NotebookPanel .jp-Notebook .jp-Cell')
      // The cell indicator says idle while the toolbar still says "No Kernel"; only the status bar can be trusted.
      await page.waitForFunction(IS_READY)
    },
    async runAll() {
      await tab.page.click('.lm-MenuBar-itemLabel:text-is("Run")')
      await tab.page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')
    },
    async runCell(index) {
      await tab.page.click(`${cellAt(index)} >> .cm-content`)
      await tab.page.keyboard.press('Shift+Enter')
    },
    async cellDone(index) {
      await tab.page.waitForFunction(isCellDone(index), undefined, { timeout: 240_000 })
    },
    async save() {
      await tab.page.evaluate(`jupyterapp.commands.execute('docmanager:save')`)
    },
  }
}

async function closeAll(context: BrowserContext, server: ChildProcess, folder: string, env: NodeJS.ProcessEnv, home: string): Promise<void> {
  await context.close()
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await ended
  spawnSync(process.execPath, [join(root, 'dist', 'src', 'cli', 'main.js'), 'executor', 'stop', '--cancel'], { cwd: folder, env })
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
