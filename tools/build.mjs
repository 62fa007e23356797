/**
 * Owns the build of dist/: JavaScript and declarations beside the same folders as the source, and the JupyterLab extension.
 * The kernel and executor that users start run from dist/ (no type stripping at their start); tests run the source.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const started = performance.now()
rmSync(join(root, 'dist'), { recursive: true, force: true })
run(join('node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'])
const extensionBuild = join(root, 'kernel', 'labextension', 'build.mjs')
if (existsSync(extensionBuild)) {
  run(process.execPath, [extensionBuild])
  cpSync(join(root, 'kernel', 'labextension', 'dist'), join(root, 'dist', 'kernel', 'labextension', 'dist'), { recursive: true })
}
for (const folder of ['configs', 'kernel/logo']) {
  if (existsSync(join(root, folder))) cpSync(join(root, folder), join(root, 'dist', folder), { recursive: true })
}
console.log(`labflow · built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s`)

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (done.status !== 0) process.exit(done.status ?? 1)
}
