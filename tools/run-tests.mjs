/**
 * Owns the order of `npm test`: types, arrows, then the test projects from quick to slow; closes with the counts.
 * Refuses to hide anything: every project runs even when one before it failed, and in CI a skipped test is a failure.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const output = join(root, 'test-output')
mkdirSync(output, { recursive: true })
const asked = process.argv.slice(2)
const projects = asked.length > 0 ? asked : ['unit', 'processes', 'notebooks', 'browser']
const counts = { passed: 0, failed: 0, skipped: 0 }

check('types', join('node_modules', '.bin', 'tsc'), ['-p', '.'])
check("types of JupyterLab's extension", join('node_modules', '.bin', 'tsc'), ['-p', 'kernel/labextension'])
check('import arrows', process.execPath, ['tools/check-arrows.mjs'])
check('build', process.execPath, ['tools/build.mjs'])
for (const project of projects) runProject(project)

if (process.env.CI && counts.skipped > 0) {
  console.error(`${counts.skipped} tests were skipped, and in CI nothing may be left out`)
  counts.failed += counts.skipped
}
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1)

function check(name, command, args) {
  console.log(`\n── ${name}`)
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (done.status === 0) return
  counts.failed += 1
  console.error(`${name}: failed`)
}

function runProject(project) {
  console.log(`\n── tests: ${project}`)
  const report = join(output, `${project}.json`)
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const done = spawnSync(join(root, 'node_modules', '.bin', 'vitest'), args, { cwd: root, stdio: 'inherit' })
  const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : null
  if (result === null) {
    counts.failed += 1
    console.error(`${project}: no test ran`)
    return
  }
  counts.passed += result.numPassedTests
  counts.failed += result.numFailedTests
  counts.skipped += result.numPendingTests + result.numTodoTests
  // A file that fails to load, or a leak after the last test, fails no single test but the run.
  if (done.status !== 0 && result.numFailedTests === 0) counts.failed += 1
}
