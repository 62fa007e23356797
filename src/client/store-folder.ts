/** Owns the answer to "which store": LABFLOW_HOME, else `.labflow` at the nearest package.json or .git upwards, else in the folder itself. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Absolute path of the store folder for work in `cwd`; the folder need not exist yet. */
export function findStoreFolder(cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  if (env.LABFLOW_HOME) return resolve(cwd, env.LABFLOW_HOME)
  const start = resolve(cwd)
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) || existsSync(join(folder, '.git'))) return join(folder, '.labflow')
    if (dirname(folder) === folder) return join(start, '.labflow')
  }
}
