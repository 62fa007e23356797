/** Owns the version of the running Labflow, read once from its package.json. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { treeRoot } from './entry.ts'

/** Folder of the package: the repository or the installed package. Absolute. */
export const packageRoot: string = existsSync(join(treeRoot, 'package.json')) ? treeRoot : dirname(treeRoot)

/** Version of Labflow as in package.json. */
export const version: string = (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version
