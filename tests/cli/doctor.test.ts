/** `labflow doctor`: what is wrong is named with the way to mend it, what is well is said so, and --smoke proves it. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ProjectLab } from '../support/project-lab.ts'

const lab = new ProjectLab({ VIRTUAL_ENV: '', CONDA_PREFIX: '' })
/** A folder of programs in front of the PATH. */
const programs = join(lab.folder, 'programs')
mkdirSync(programs)
lab.env.PATH = `${programs}:${process.env.PATH ?? ''}`
afterAll(() => lab.close())

function jupyterLab(version: string): void {
  writeFileSync(join(programs, 'jupyter-lab'), `#!/bin/sh\necho ${version}\n`)
  chmodSync(join(programs, 'jupyter-lab'), 0o755)
}
const doctor = async (...words: string[]): Promise<{ code: number | null; lines: string[] }> => {
  const { code, stdout, stderr } = await lab.labflow('doctor', ...words)
  expect(stderr).toBe('')
  return { code, lines: stdout.trimEnd().split('\n') }
}

test('a kernel that Jupyter does not know and a JupyterLab too old are named, each with the way to mend it', async () => {
  jupyterLab('3.6.8')
  const { code, lines } = await doctor()
  expect(code).toBe(1)
  expect(lines).toEqual([
    `✓ Node        ${process.versions.node} (${process.execPath})`,
    '✗ kernel      not registered with Jupyter', '              → run "labflow install"',
    '! JupyterLab  3.6.8', expect.stringMatching(/→ Labflow is tried with JupyterLab 4\.2 to 4\.\d+: "pip install -U jupyterlab"/),
    expect.stringMatching(/^✓ store       .*\.labflow \(made at the first task\), [\d.]+ [kMGT]B free$/),
    '✓ executor    none runs; the first task starts one',
  ])
})

test('after labflow install all is well', async () => {
  jupyterLab('4.6.6')
  await lab.labflow('install')
  const { code, lines } = await doctor()
  expect([code, lines.map((line) => line.slice(0, 13).trimEnd())]).toEqual([0, ['✓ Node', '✓ kernel', '✓ JupyterLab', '✓ store', '✓ executor']])
})

test('a kernelspec that points to what is gone is wrong', async () => {
  lab.write('home/jupyter/kernels/labflow/kernel.json', JSON.stringify({ argv: ['/gone/node', '/gone/main.ts', '{connection_file}'] }))
  const { code, lines } = await doctor()
  expect(code).toBe(1)
  expect(lines[1]).toMatch(/^✗ kernel .* names \/gone\/node and \/gone\/main\.ts, which is gone$/)
  expect(lines[2]).toContain('→ run "labflow install" again')
  await lab.labflow('install')
})

test('a kernelspec that is no JSON is wrong, not a crash', async () => {
  lab.write('home/jupyter/kernels/labflow/kernel.json', '{"argv": [')
  const { code, lines } = await doctor()
  expect([code, lines[1], lines[2]]).toEqual([1, expect.stringMatching(/^✗ kernel .*cannot be read/), expect.stringContaining('→ run "labflow install" again')])
  await lab.labflow('install')
})

test('a store that others can read is wrong; a running executor is described', async () => {
  const client = await lab.client()
  chmodSync(lab.store, 0o755)
  const open = await doctor()
  expect([open.code, open.lines.at(-3)]).toEqual([1, `✗ store       ${lab.store} can be read by others`])
  expect(open.lines.at(-2)).toContain(`→ run "chmod 700 ${lab.store}"`)
  chmodSync(lab.store, 0o700)
  const { pid } = await client.status()
  const closed = await doctor()
  expect([closed.code, closed.lines.at(-1)]).toEqual([0, expect.stringMatching(new RegExp(`^✓ executor    pid ${pid}, 0 running, 0 queued, `))])
})

test('--smoke runs a cell, tasks, flows and the 1,000 × 10 test with their times, says OK and leaves nothing behind', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('labflow-smoke-'))
  const { code, lines } = await doctor('--smoke')
  expect([code, lines.at(-1)]).toEqual([0, 'OK'])
  const cells = lines.slice(5, -1)
  expect(cells.map((line) => /^✓ (.+?) {2,}[\d.]+ m?s/.exec(line)?.[1])).toEqual(['a cell', 'a task', 'a cached task', 'the same again', 'a flow', '1,000 × 10', 'cached', 'cached again'])
  for (const line of cells.slice(-3)) expect(line).toMatch(/1000 × 10: \d+ clusters in \d+\.\d+ s \(computed in \d+\.\d+ s\)$/)
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('labflow-smoke-') && !before.includes(name))).toEqual([])
})
