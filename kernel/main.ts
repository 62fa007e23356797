/**
 * Composition root of the kernel process: `node main.ts CONNECTION_FILE [--folder DIR]`.
 * Order matters for the start: sockets, then kernel_info, then everything that is slow to load. Runs no user code.
 */
import { useCompileCache } from '../src/compile-cache.ts'
import { nodeProblem } from './node-version.ts'

const problem = nodeProblem()
if (problem === null) {
  useCompileCache()
  // Imported here and not above: an old Node must reach the sentence, not a crash of a native module.
  const { startKernel } = await import('./start.ts')
  await startKernel(process.argv.slice(2))
} else {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}
