/** A plain Node program with tasks runs through the executor, nested runs too, and its file may start its own flow. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findEngine } from '../../src/client/connect.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labflow-program-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(repository, join(folder, 'node_modules', 'labflow'))
})
afterAll(async () => {
  const client = await findEngine({ cwd: folder, client: 'cli' })
  await client?.stop(true)
  await client?.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
})

function runProgram(name: string, text: string, env: Record<string, string> = {}): Promise<{ stdout: string; stderr: string; code: number | null }> {
  writeFileSync(join(folder, name), text)
  const child = spawn(process.execPath, ['--conditions=labflow-source', name], { cwd: folder, env: { ...process.env, LABFLOW: '', ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  return new Promise((resolve) => child.on('close', (code) => resolve({ stdout, stderr, code })))
}

test('values, prints and errors come back; the program ends by itself', async () => {
  const { stdout, stderr, code } = await runProgram('prog.ts', `
import { task, flow } from 'labflow'
export const square = task({ name: 'square' }, async (x: number): Promise<number> => { console.log('squaring', x); return x * x })
export const bad = task('bad', async () => { throw new TypeError('oh no') })
export const total = flow('total', async (n: number) => (await square.map([...Array(n).keys()])).reduce((a, b) => a + b, 0))
console.log('square', await square(7))
console.log('total', await total(4))
const error = await bad().catch((reason) => reason)
console.log(error.name, error.message, error.code, error.stack.split('\\n')[1])
`)
  expect([stderr, code]).toEqual(['', 0])
  expect(stdout.split('\n')).toEqual(['squaring 7', 'square 49', 'total 14', expect.stringMatching(/^TypeError oh no RUN_FAILED {3}at .*prog\.ts line 4:/), ''])
})

test('an array that the program changes right after a call is sent as it was at the call', async () => {
  const { stdout, stderr } = await runProgram('changing.ts', `
import { task } from 'labflow'
export const head = task({ name: 'head' }, async (list: Float64Array): Promise<number> => list[0]!)
const list = new Float64Array([1])
const promise = head(list)
list[0] = 99
const second = head(list)
list[0] = 5
console.log('values', await promise, await second)
`)
  expect(stdout + stderr).toContain('values 1 99')
})

test('with LABFLOW=off the same program runs alone', async () => {
  const { stdout } = await runProgram('alone.ts', `
import { task } from 'labflow'
const triple = task('triple', async (x: number) => x * 3)
console.log(await triple.map([1, 2]))
`, { LABFLOW: 'off' })
  expect(stdout).toBe('[ 3, 6 ]\n')
})

test('a task that waits for another does not keep the only slot', async () => {
  const { stdout, code } = await runProgram('nested.ts', `
import { task } from 'labflow'
export const inner = task('inner', async (x: number) => x + 1)
export const outer = task('outer', async (x: number) => (await inner(x)) * 10)
console.log((await outer.map([1, 2, 3, 4, 5, 6])).join(' '))
`)
  expect([stdout, code]).toEqual(['20 30 40 50 60 70\n', 0])
})

test('the declarations of the public API are understood by TypeScript', () => {
  writeFileSync(join(folder, 'types.ts'), `
import { asCompleted, flow, progress, task, type Task } from 'labflow'
const embed: Task<[points: Float64Array, dims: number], number[]> = task({ retries: 2, retryDelay: '30s', cache: '2h' }, async (points: Float64Array, dims: number) => [points.length, dims])
const explore = flow({ name: 'explore' }, async ({ neighbors = 15 }: { neighbors?: number }) => neighbors)
export async function check(): Promise<void> {
  const numbers: number[] = await embed(new Float64Array(2), 3)
  const one: number = await explore({ neighbors: 3 })
  for await (const run of asCompleted(explore.map([{}, {}]))) numbers.push(await run.result(), one)
  for (const epoch of progress(10)) numbers.push(epoch)
  // @ts-expect-error a wrong argument
  await embed('text', 3)
  // @ts-expect-error a misspelt option
  task({ retrys: 1 }, () => 1)
}
`)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, module: 'nodenext', target: 'es2024', noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true, customConditions: ['labflow-source'], types: ['node'], typeRoots: [join(repository, 'node_modules/@types')] }, files: ['types.ts'] }))
  const tsc = spawnSync(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' })
  expect(tsc.stdout).toBe('')
})
