/**
 * Owns a child process with module hooks: runs JavaScript lines as cells of a folder, one after the other, and reports what each gave.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const hooksPath = fileURLToPath(new URL('../../../src/modules/hooks.ts', import.meta.url))

/** Result of one cell: its value, or the message of its error. */
export type CellResult = { value: unknown } | { error: string; code?: string }

const PROGRAM = `
import { installModuleHooks } from ${JSON.stringify(hooksPath)}
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import vm from 'node:vm'
import { join } from 'node:path'
const [folder, cells] = JSON.parse(readFileSync(0, 'utf8'))
const hooks = installModuleHooks({ folder })
globalThis.write = (name, text) => writeFileSync(join(folder, name), text)
globalThis.require = createRequire(join(folder, 'cell.js'))
const results = []
for (const [index, text] of cells.entries()) {
  hooks.refresh()
  const script = new vm.Script('(async () => {' + text + '})()', {
    filename: join(folder, 'cell-' + index + '.ts'), importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  try { results.push({ value: await script.runInThisContext() }) } catch (error) {
    hooks.forgetFailed(error)
    results.push({ error: String(error.message), code: error.code, stack: error.stack }) }
}
console.log(JSON.stringify(results))
`

/** Writes files to a fresh folder, runs cells there in one process with hooks, and removes the folder. */
export function runCells(files: Record<string, string>, cells: string[]): { results: (CellResult & Record<string, unknown>)[]; stderr: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'labflow-hooks-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { input: JSON.stringify([folder, cells]), encoding: 'utf8', cwd: tmpdir() })
    if (child.status !== 0) throw new Error(child.stderr)
    return { results: JSON.parse(child.stdout) as never, stderr: child.stderr, folder }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
