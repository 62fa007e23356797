/** The `labflow` command as a real process in a project of its own: help, installing, the table of runs, logs, cancel, the executor. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { version } from '../../src/version.ts'
import type { RunRecord } from '../../src/model/run.ts'
import { until } from '../support/engine-lab.ts'
import { ProjectLab } from '../support/project-lab.ts'

const FLOWS = `import { existsSync } from 'node:fs'
import { flow, logger, progress, task } from 'labflow'
/** Adds two numbers. */
export const add = task({ name: 'add' }, async (a: number, b: number): Promise<number> => a + b)
export interface CountParameters {
  /** How far to count. */
  to: number
  loud?: boolean
}
/** Counts and prints. */
export const count = flow({ name: 'count' }, async ({ to, loud = false }: CountParameters) => {
  for (let number = 1; number <= to; number++) console.log(loud ? 'number ' + number + '!' : 'number ' + number)
  logger.warning('counted')
  return { counted: to, sum: await add(to, 1) }
})
export const endless = flow({ name: 'endless' }, async () => {
  for (let turn = 0; ; turn++) {
    progress.set(turn % 100, 100)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})
export const broken = flow({ name: 'broken' }, async () => {
  throw new RangeError('no such channel: 7')
})
`
const lab = new ProjectLab()
beforeAll(() => void lab.write('flows.ts', FLOWS))
afterAll(() => lab.close())

describe('words', () => {
  test('--version says the version of package.json, --help lists every command', async () => {
    expect(await lab.labflow('--version')).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 })
    const help = await lab.labflow('--help')
    expect([help.code, help.stderr]).toEqual([0, ''])
    for (const name of ['install', 'uninstall', 'run', 'runs', 'logs', 'cancel', 'executor', 'doctor']) expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect((await lab.labflow('logs', '--help')).stdout).toContain('labflow logs RUN [--tail N] [--follow]')
  })

  test('an unknown command, option or value is refused with what was meant, and no trace', async () => {
    expect(await lab.labflow('rnus')).toEqual({ stdout: '', stderr: 'labflow has no command "rnus" (did you mean runs?): see labflow --help\n', code: 2 })
    expect(await lab.labflow('runs', '--jsn')).toEqual({ stdout: '', stderr: 'labflow: runs has no option --jsn (did you mean --json?): see labflow runs --help\n', code: 2 })
    expect(await lab.labflow('runs', '--limit', 'many')).toMatchObject({ stderr: 'labflow: --limit many must be a whole number of at least 1\n', code: 2 })
    expect(await lab.labflow('runs', '--state', 'DONE')).toMatchObject({ stderr: expect.stringContaining('--state DONE is no state: use one of SCHEDULED'), code: 2 })
    expect(await lab.labflow('executor', 'restart')).toMatchObject({ stderr: expect.stringContaining('use "labflow executor status" or "labflow executor stop"'), code: 2 })
    expect(await lab.labflow('logs', 'r999')).toMatchObject({ stderr: expect.stringMatching(/^labflow: .*r999.*\n$/), code: 1 })
  })
})

describe('install and uninstall', () => {
  const kernelJson = (folder: string): string => join(folder, 'kernels', 'labflow', 'kernel.json')

  test('write into JUPYTER_DATA_DIR and take it away again, other kernels stay', async () => {
    const data = lab.env.JUPYTER_DATA_DIR!
    const other = lab.write('home/jupyter/kernels/other/kernel.json', '{}')
    expect(await lab.labflow('install')).toMatchObject({ stdout: expect.stringContaining(`installed the kernel in ${join(data, 'kernels', 'labflow')}`), stderr: '', code: 0 })
    const spec = JSON.parse(readFileSync(kernelJson(data), 'utf8')) as { argv: string[]; display_name: string; language: string }
    expect(spec).toMatchObject({ display_name: 'TypeScript (Labflow)', language: 'typescript' })
    expect(spec.argv.slice(0, 2).map(existsSync)).toEqual([true, true])
    expect((await lab.labflow('install')).stdout).toContain('replaced the kernel')
    expect(await lab.labflow('uninstall')).toMatchObject({ stdout: expect.stringContaining('removed '), code: 0 })
    expect([existsSync(kernelJson(data)), existsSync(other)]).toEqual([false, true])
    expect((await lab.labflow('uninstall')).stdout).toBe('nothing was installed there\n')
  })

  test('--prefix is share/jupyter below it; with --user it is a contradiction', async () => {
    const prefix = join(lab.folder, 'prefix')
    expect(await lab.labflow('install', '--prefix', prefix)).toMatchObject({ code: 0 })
    expect(existsSync(kernelJson(join(prefix, 'share', 'jupyter')))).toBe(true)
    expect(await lab.labflow('install', '--prefix', prefix, '--user')).toMatchObject({ stderr: 'labflow: --user and --prefix exclude each other; give one of them.\n', code: 2 })
    expect(await lab.labflow('uninstall', '--prefix', prefix)).toMatchObject({ code: 0 })
    expect(existsSync(kernelJson(join(prefix, 'share', 'jupyter')))).toBe(false)
  })
})

describe('run FILE.ts', () => {
  test('--help tells the parameters with their types, and what else the file has', async () => {
    const { stdout, code } = await lab.labflow('run', 'flows.ts:count', '--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/flow count: Counts and prints\./)
    expect(stdout).toMatch(/--to <number>\s+How far to count\. \(required\)/)
    expect(stdout).toMatch(/--loud <boolean>/)
    expect(stdout).toMatch(/flows\.ts:add\s+task add/)
  })

  test('a wrong name, a missing or a wrong value is refused before anything starts', async () => {
    expect(await lab.labflow('run', 'flows.ts:count', '--too', '3')).toMatchObject({ stderr: 'labflow: flow count has no parameter "too" (did you mean --to?); it has to, loud\n', code: 1 })
    expect(await lab.labflow('run', 'flows.ts:count', '--to', 'three')).toMatchObject({ stderr: 'labflow: to must be number, and got "three"\n', code: 1 })
    expect(await lab.labflow('run', 'flows.ts:count')).toMatchObject({ stderr: 'labflow: missing --to <number>\n', code: 1 })
    expect(await lab.labflow('run', 'flows.ts')).toMatchObject({ stderr: expect.stringContaining('say which with FILE:NAME (count, endless, broken)'), code: 1 })
    expect(await lab.labflow('run', 'flow.ts')).toMatchObject({ stderr: expect.stringContaining('there is no file flow.ts'), code: 2 })
    expect((await lab.labflow('runs')).stdout).toBe('no runs yet\n')
  })

  test('prints what the flow prints on stdout, its states and its result on stderr', async () => {
    const { stdout, stderr, code } = await lab.labflow('run', 'flows.ts:count', '--to', '3', '--loud')
    expect([stdout, code]).toEqual(['number 1!\nnumber 2!\nnumber 3!\n', 0])
    expect(stderr).toMatch(/^r1 · flow count · /)
    expect(stderr).toMatch(/r1 · warning: counted/)
    expect(stderr).toMatch(/r2 · add · COMPLETED/)
    expect(stderr).toMatch(/count ended: \{ counted: 3, sum: 4 \}\n$/)
  })

  test('a flow that throws gives its error and exit code 1', async () => {
    const { stderr, code } = await lab.labflow('run', 'flows.ts:broken')
    expect([code, stderr]).toEqual([1, expect.stringMatching(/broken failed: RangeError: no such channel: 7\n$/)])
    expect(stderr).not.toMatch(/src\/(worker|api|cli)\//)
  })
})

describe('looking and steering', () => {
  test('runs lists the newest first, as a table and as JSON, and filters', async () => {
    const table = (await lab.labflow('runs')).stdout.split('\n')
    expect(table[0]).toMatch(/^run +kind +name +state +took +submitted/)
    expect(table.slice(1, 4).map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([['r3', 'flow', 'broken', 'FAILED'], ['r2', 'task', 'add', 'COMPLETED'], ['r1', 'flow', 'count', 'COMPLETED']])
    const failed = JSON.parse((await lab.labflow('runs', '--json', '--state', 'failed')).stdout) as RunRecord[]
    expect(failed.map((run) => [run.shortId, run.error?.message])).toEqual([['r3', 'no such channel: 7']])
    expect((JSON.parse((await lab.labflow('runs', '--json', '--name', 'add', '--limit', '1')).stdout) as RunRecord[]).map((run) => run.shortId)).toEqual(['r2'])
  })

  test('logs prints what a run printed and logged, --tail only its end', async () => {
    const all = await lab.labflow('logs', 'count')
    expect(all.stdout.split('\n').slice(0, 3)).toEqual(['number 1!', 'number 2!', 'number 3!'])
    expect(all.stdout).toMatch(/warning +counted\n$/)
    expect(all.stderr).toContain('r1 · count · COMPLETED')
    const tail = await lab.labflow('logs', 'r1', '--tail', '1')
    expect(tail.stdout).toMatch(/^\S+ warning +counted\n$/)
  })

  test('cancel ends a running run for everyone who waits for it', async () => {
    const running = lab.startLabflow('run', 'flows.ts:endless')
    await running.says(/r4 · \d/)
    expect((await lab.labflow('cancel', 'r4')).stdout).toBe('r4 · endless · CANCELLED\n')
    expect(await running.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('endless failed: ') })
    expect((await lab.labflow('cancel', 'r4')).stdout).toBe('r4 · endless had ended already: CANCELLED\n')
  })

  test('Ctrl+C cancels the run it waits for and exits with 130', async () => {
    const running = lab.startLabflow('run', 'flows.ts:endless')
    await running.says(/r5 · \d/)
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
    const [run] = JSON.parse((await lab.labflow('runs', '--json', '--limit', '1')).stdout) as RunRecord[]
    expect([run?.shortId, run?.state.type]).toEqual(['r5', 'CANCELLED'])
  })

  test('executor status tells of the process, stop ends it, and the runs are still there', async () => {
    const status = JSON.parse((await lab.labflow('executor', 'status', '--json')).stdout) as { pid: number; storePath: string; slots: { total: number } }
    expect(status).toMatchObject({ storePath: lab.store, slots: { total: 2 } })
    expect((await lab.labflow('executor', 'status')).stdout).toMatch(new RegExp(`^executor ${version}, pid ${status.pid}, up `))
    expect(await lab.labflow('executor', 'stop')).toMatchObject({ stdout: 'executor stopped\n', code: 0 })
    await until(async () => (await lab.labflow('executor', 'status')).stdout === 'no executor runs for this project; the next task starts one\n')
    expect((await lab.labflow('executor', 'stop')).stdout).toBe('no executor runs for this project\n')
    expect((await lab.labflow('runs', '--name', 'count')).stdout).toContain('r1')
  })
})
