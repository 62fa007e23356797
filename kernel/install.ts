/**
 * Owns the kernelspec `labflow` and the copy of the JupyterLab extension in a Jupyter data folder: writing and removing.
 * Needs no Python. Each folder is made beside its place and renamed into it, so a half-written one is never seen.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { entryPath, treeRoot } from '../src/entry.ts'
import { LabflowError } from '../src/model/errors.ts'
import { nodeProblem } from './node-version.ts'

/** Name of the kernelspec and of the extension folder. */
const kernelName = 'labflow'
const logoFiles = ['logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg']

/** Where to install: `dataDir` wins over `prefix`, and that over the user's own folder (the default). */
export interface InstallTarget {
  /** For this user only; also what happens when nothing is given. */
  user?: boolean
  /** As `--prefix` of Jupyter: `PREFIX/share/jupyter`, such as sys.prefix of a virtual environment. */
  prefix?: string
  /** A Jupyter data folder itself. */
  dataDir?: string
}

export interface InstallOptions extends InstallTarget {
  /** Name in the launcher. */
  displayName?: string
  /** Absolute path of a Node ≥ 22.15; default: the one that runs now. */
  nodePath?: string
  /** Entry of the kernel process; default: that of the running tree. */
  mainPath?: string
  environment?: NodeJS.ProcessEnv
}

export interface Installed {
  kernelFolder: string
  /** null: the extension is not built in this tree. */
  extensionFolder: string | null
  /** Whether a kernelspec of that name was there before. */
  isReplaced: boolean
  /** Command line of the kernel. */
  argv: string[]
}

/** Jupyter's data folder for a target: JUPYTER_DATA_DIR, else the platform's own place. Absolute. */
export function jupyterDataFolder(target: InstallTarget, environment: NodeJS.ProcessEnv = process.env): string {
  if (target.dataDir !== undefined) return resolve(target.dataDir)
  if (target.prefix !== undefined) {
    if (target.user === true) throw new LabflowError('BAD_OPTION', '--user and --prefix exclude each other; give one of them.')
    return resolve(target.prefix, 'share', 'jupyter')
  }
  const explicit = environment['JUPYTER_DATA_DIR']
  if (explicit !== undefined && explicit !== '') return resolve(explicit)
  const home = environment['HOME'] || homedir()
  if (process.platform === 'darwin') return join(home, 'Library', 'Jupyter')
  return join(environment['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'jupyter')
}

/**
 * Installs the kernelspec, and the extension when it is built. Repeatable: the newer installation replaces the older.
 * @throws LabflowError MISSING_TOOL for an unfit Node or a missing entry, BAD_CONFIG when the folder cannot be written.
 */
export function installKernel(options: InstallOptions = {}): Installed {
  const dataFolder = jupyterDataFolder(options, options.environment)
  const argv = kernelCommand(options.nodePath ?? process.execPath, options.mainPath ?? entryPath('kernel/main'))
  const spec = {
    argv,
    display_name: options.displayName ?? 'TypeScript (Labflow)',
    language: 'typescript',
    // A signal to the kernel process would miss the session, which is in a process group of its own.
    interrupt_mode: 'message',
    metadata: { debugger: false },
    env: {},
  }
  const kernelFolder = join(dataFolder, 'kernels', kernelName)
  const isReplaced = existsSync(kernelFolder)
  replaceFolder(kernelFolder, (folder) => {
    writeFileSync(join(folder, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`)
    for (const file of logoFiles) {
      const source = join(treeRoot, 'kernel', 'logo', file)
      if (existsSync(source)) cpSync(source, join(folder, file))
    }
  })
  return { kernelFolder, extensionFolder: installExtension(dataFolder), isReplaced, argv }
}

/** Removes kernelspec and extension; returns the folders that were there. */
export function uninstallKernel(target: InstallTarget & { environment?: NodeJS.ProcessEnv } = {}): string[] {
  const dataFolder = jupyterDataFolder(target, target.environment)
  const folders = [join(dataFolder, 'kernels', kernelName), join(dataFolder, 'labextensions', kernelName)].filter((folder) => existsSync(folder))
  for (const folder of folders) guarded(folder, () => rmSync(folder, { recursive: true, force: true }))
  return folders
}

function kernelCommand(nodePath: string, mainPath: string): string[] {
  if (!isAbsolute(nodePath) || !existsSync(nodePath)) throw new LabflowError('MISSING_TOOL', `No Node at ${nodePath}; give the absolute path of Node 22.15 or newer.`)
  const problem = nodePath === process.execPath ? nodeProblem() : null
  if (problem !== null) throw new LabflowError('MISSING_TOOL', problem)
  if (!existsSync(mainPath)) throw new LabflowError('MISSING_TOOL', `The kernel's entry ${mainPath} is missing; install or build Labflow again.`)
  return [nodePath, mainPath, '{connection_file}']
}

function installExtension(dataFolder: string): string | null {
  const source = join(treeRoot, 'kernel', 'labextension', 'dist')
  if (!existsSync(join(source, 'package.json'))) return null
  const folder = join(dataFolder, 'labextensions', kernelName)
  replaceFolder(folder, (fresh) => cpSync(source, fresh, { recursive: true }))
  return folder
}

/** Fills a new folder and puts it in the place of the old one. */
function replaceFolder(folder: string, fill: (fresh: string) => void): void {
  const fresh = `${folder}.new-${process.pid}`
  guarded(folder, () => {
    mkdirSync(dirname(folder), { recursive: true })
    rmSync(fresh, { recursive: true, force: true })
    mkdirSync(fresh)
    try {
      fill(fresh)
      rmSync(folder, { recursive: true, force: true })
      renameSync(fresh, folder)
    } finally {
      rmSync(fresh, { recursive: true, force: true })
    }
  })
}

function guarded(folder: string, act: () => void): void {
  try {
    act()
  } catch (error) {
    throw new LabflowError('BAD_CONFIG', `Cannot write ${folder}: ${(error as Error).message}. Use --user, or a --prefix that you may write.`, { cause: error })
  }
}

/** A kernelspec that is there. */
export interface InstalledSpec {
  /** Its kernel.json. */
  path: string
  /** Command line of the kernel; null when the file cannot be read as a kernelspec. */
  argv: string[] | null
  /** Of the command line's program and entry, what is gone. */
  missing: string[]
}

/** Labflow's kernelspec in a Jupyter data folder, or null; for `labflow doctor`. */
export function installedSpec(dataFolder: string): InstalledSpec | null {
  const path = join(dataFolder, 'kernels', kernelName, 'kernel.json')
  if (!existsSync(path)) return null
  const argv = readArgv(path)
  const missing = (argv ?? []).slice(0, 2).filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
  return { path, argv, missing }
}

function readArgv(path: string): string[] | null {
  try {
    const { argv } = JSON.parse(readFileSync(path, 'utf8')) as { argv?: unknown }
    return Array.isArray(argv) ? argv.map(String) : null
  } catch {
    return null
  }
}
