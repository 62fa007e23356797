/**
 * Owns the search for a Chromium for the browser tests: one named by LABFLOW_TEST_CHROMIUM, one on the PATH, the one that an npm
 * package carries, or Debian's. Refuses silence: what could not be had is said loudly, and in CI it ends the set-up.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { say } from './terminal.mjs'

const ON_PATH = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * Finds a Chromium that starts and writes `.cache/chromium.json` {executablePath, libraryPath}; returns the same, or null when there is none.
 */
export async function findChromium(root) {
  const cacheFolder = join(root, '.cache')
  const recordPath = join(cacheFolder, 'chromium.json')
  mkdirSync(cacheFolder, { recursive: true })
  const kept = existsSync(recordPath) ? JSON.parse(readFileSync(recordPath, 'utf8')) : null
  const found = (kept !== null && starts(kept) ? kept : null) ?? (await search(root, cacheFolder))
  if (found !== null) {
    writeFileSync(recordPath, JSON.stringify(found, null, 2))
    return found
  }
  console.error('labflow · NO CHROMIUM: the browser tests cannot run. Install one ("apt install chromium"), or name one with LABFLOW_TEST_CHROMIUM=/path.')
  if (process.env.CI) process.exit(1)
  return null
}

async function search(root, cacheFolder) {
  const named = process.env.LABFLOW_TEST_CHROMIUM
  if (named) {
    const candidate = { executablePath: named, libraryPath: null }
    if (starts(candidate)) return candidate
    console.error(`labflow · LABFLOW_TEST_CHROMIUM names ${named}, which does not start: looking for another`)
  }
  for (const executablePath of ON_PATH) if (starts({ executablePath, libraryPath: null })) return { executablePath, libraryPath: null }
  return (await packaged(root, cacheFolder)) ?? fromDebian()
}

/** The Chromium inside @sparticuz/chromium; its NSS libraries come with it for machines that lack them. */
async function packaged(root, cacheFolder) {
  const folder = join(cacheFolder, 'chromium')
  mkdirSync(folder, { recursive: true })
  const before = process.env.TMPDIR
  try {
    // The package unpacks into os.tmpdir(); the project's own cache keeps it between runs and out of everybody's way.
    process.env.TMPDIR = folder
    const { default: chromium } = await import('@sparticuz/chromium')
    const executablePath = await chromium.executablePath()
    if (starts({ executablePath, libraryPath: null })) return { executablePath, libraryPath: null }
    const archive = join(root, 'node_modules', '@sparticuz', 'chromium', 'bin', 'al2023.tar.br')
    spawnSync('tar', ['-x', '-C', folder], { input: brotliDecompressSync(readFileSync(archive)) })
    const withLibraries = { executablePath, libraryPath: join(folder, 'lib') }
    return starts(withLibraries) ? withLibraries : null
  } catch (error) {
    console.error(`labflow · the packaged Chromium could not be used: ${error.message}`)
    return null
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

function fromDebian() {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return null
  say("installing Debian's chromium")
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
  spawnSync('apt-get', ['install', '-y', '-qq', 'chromium'], { stdio: 'inherit' })
  const candidate = { executablePath: '/usr/bin/chromium', libraryPath: null }
  return starts(candidate) ? candidate : null
}

function starts({ executablePath, libraryPath }) {
  const env = libraryPath === null ? process.env : { ...process.env, LD_LIBRARY_PATH: libraryPath }
  const probe = spawnSync(executablePath, ['--version', '--no-sandbox'], { encoding: 'utf8', env, timeout: 30_000 })
  return probe.status === 0 && /Chrom/.test(probe.stdout)
}
