/**
 * Owns the checks of `labflow doctor`: each looks at one thing and says what is wrong and how to mend it.
 * Refuses to change anything.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installedSpec, jupyterDataFolder } from '../../../kernel/install.ts'
import { nodeProblem } from '../../../kernel/node-version.ts'
import { findStoreFolder } from '../../client/store-folder.ts'
import { withRunningEngine } from '../engine-door.ts'
import { formatSize } from '../run-table.ts'

export interface CheckResult {
  name: string
  verdict: 'ok' | 'warning' | 'wrong'
  /** What was found. */
  found: string
  /** How to mend it; empty when all is well. */
  remedy: string
}

/** File systems whose locking is not to be relied on, by the magic number that statfs tells (linux/magic.h). */
const NETWORK_FILE_SYSTEMS: Record<number, string> = { 0x6969: 'NFS', 0x517b: 'SMB', 0xff534d42: 'CIFS', 0x0bd00bd0: 'Lustre', 0x47504653: 'GPFS', 0x65735546: 'FUSE' }
/** Under this a long run may fill the disk with its results. */
const LOW_DISK_BYTES = 1e9

/** The Node that runs now. */
export function checkNode(): CheckResult {
  const isRecent = nodeProblem() === null
  return { name: 'Node', verdict: isRecent ? 'ok' : 'wrong', found: `${process.versions.node} (${process.execPath})`, remedy: isRecent ? '' : 'install Node 22.15 or newer' }
}

/** Whether Jupyter finds the kernel, and whether what its command line names is still there. */
export function checkKernelspec(): CheckResult {
  const folders = [...(process.env.JUPYTER_PATH ?? '').split(delimiter).filter(Boolean), jupyterDataFolder({}), ...prefixes().map((prefix) => join(prefix, 'share', 'jupyter'))]
  const spec = folders.map((folder) => installedSpec(folder)).find((found) => found !== null)
  if (spec === undefined) return { name: 'kernel', verdict: 'wrong', found: 'not registered with Jupyter', remedy: 'run "labflow install"' }
  const { path, argv, missing } = spec
  if (argv === null) return { name: 'kernel', verdict: 'wrong', found: `${path} cannot be read`, remedy: 'run "labflow install" again' }
  if (missing.length > 0) return { name: 'kernel', verdict: 'wrong', found: `${path} names ${missing.join(' and ')}, which is gone`, remedy: 'run "labflow install" again' }
  return { name: 'kernel', verdict: 'ok', found: path, remedy: '' }
}

function prefixes(): string[] {
  return ['/usr/local', '/usr', process.env.VIRTUAL_ENV, process.env.CONDA_PREFIX].filter((prefix): prefix is string => Boolean(prefix))
}

/** JupyterLab on the PATH. */
export function checkJupyterLab(): CheckResult {
  const probe = spawnSync('jupyter-lab', ['--version'], { encoding: 'utf8' })
  if (probe.status !== 0) return { name: 'JupyterLab', verdict: 'warning', found: 'no jupyter-lab on the PATH', remedy: 'install it ("pip install jupyterlab"), or use "npm start" in a clone, which brings its own' }
  const version = probe.stdout.trim()
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isRecent = major === 4 && minor >= 2
  return { name: 'JupyterLab', verdict: isRecent ? 'ok' : 'warning', found: version, remedy: isRecent ? '' : 'Labflow is tried with JupyterLab 4.2 to 4.6: "pip install -U jupyterlab"' }
}

/** The store of the current folder: writable, private, room left, on a local disk. */
export function checkStore(): CheckResult {
  const folder = findStoreFolder(process.cwd())
  const base = existsSync(folder) ? folder : process.cwd()
  const wrong = (found: string, remedy: string): CheckResult => ({ name: 'store', verdict: 'wrong', found, remedy })
  try {
    accessSync(base, constants.W_OK)
  } catch {
    return wrong(`${base} cannot be written`, 'mend its permissions, or set LABFLOW_HOME to a folder of yours')
  }
  if (existsSync(folder) && (statSync(folder).mode & 0o077) !== 0) return wrong(`${folder} can be read by others`, `run "chmod 700 ${folder}"`)
  const disk = statfsSync(base)
  const freeBytes = disk.bavail * disk.bsize
  const network = NETWORK_FILE_SYSTEMS[disk.type]
  if (network !== undefined) return { name: 'store', verdict: 'warning', found: `${folder} is on ${network}`, remedy: 'set LABFLOW_HOME to a local disk: locks of network file systems cannot be relied on' }
  if (freeBytes < LOW_DISK_BYTES) return { name: 'store', verdict: 'warning', found: `${folder}, only ${formatSize(freeBytes)} free`, remedy: 'free some room, or set LABFLOW_HOME to another disk' }
  return { name: 'store', verdict: 'ok', found: `${folder}${existsSync(folder) ? '' : ' (made at the first task)'}, ${formatSize(freeBytes)} free`, remedy: '' }
}

/** The executor of the store, if one runs. */
export async function checkExecutor(): Promise<CheckResult> {
  try {
    const status = await withRunningEngine((engine) => engine.status())
    if (status === null) return { name: 'executor', verdict: 'ok', found: 'none runs; the first task starts one', remedy: '' }
    return { name: 'executor', verdict: 'ok', found: `pid ${status.pid}, ${status.running} running, ${status.queued} queued, ${formatSize(status.memoryBytes)}`, remedy: '' }
  } catch (error) {
    return { name: 'executor', verdict: 'wrong', found: (error as Error).message, remedy: 'run "labflow executor stop"; its log is .labflow/executor.log' }
  }
}
