/** What a user gets who installs Labflow from the registry: the packed files, and the command from dist/ in a project that has it. */
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { version } from '../../src/version.ts'
import { ProjectLab, REPOSITORY, type CommandResult } from '../support/project-lab.ts'

const lab = new ProjectLab()
const modules = join(lab.folder, 'node_modules')
const installed = (...words: string[]): Promise<CommandResult> => lab.start(process.execPath, [join(modules, 'labflow', 'bin', 'labflow.mjs'), ...words]).ended
let packed: string[]

/** `npm test` builds first; whoever runs this file alone may have changed a source since. */
function isDistStale(): boolean {
  const built = join(REPOSITORY, 'dist', 'src', 'cli', 'main.js')
  const sources = ['src', 'kernel', 'magics'].flatMap((folder) => readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => join(REPOSITORY, folder, name)))
  return !existsSync(built) || sources.some((path) => statSync(path).mtimeMs > statSync(built).mtimeMs)
}

beforeAll(async () => {
  if (isDistStale()) expect((await lab.start(process.execPath, ['tools/build.mjs'], REPOSITORY).ended).code).toBe(0)
  const pack = await lab.start('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', lab.folder], REPOSITORY).ended
  expect([pack.code, pack.stderr]).toEqual([0, expect.any(String)])
  const [tarball] = JSON.parse(pack.stdout) as { filename: string; files: { path: string }[] }[]
  packed = tarball!.files.map((file) => file.path)
  // As npm installs it, with the packages of this tree in place of a download.
  mkdirSync(join(modules, 'labflow'), { recursive: true })
  for (const name of readdirSync(join(REPOSITORY, 'node_modules'))) if (name !== 'labflow') symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name))
  expect((await lab.start('tar', ['-xzf', tarball!.filename, '--strip-components=1', '-C', join(modules, 'labflow')]).ended).code).toBe(0)
})
afterAll(() => lab.close())

test('the package has the command, every process entry, the declarations, settings, notebooks and the extension', () => {
  expect(packed).toEqual(expect.arrayContaining([
    'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'bin/labflow.mjs', 'configs/defaults.yaml', 'configs/sculpt.yaml',
    'dist/src/cli/main.js', 'dist/src/executor/main.js', 'dist/src/worker/main.js', 'dist/kernel/main.js', 'dist/kernel/session/main.js',
    'dist/src/index.js', 'dist/src/index.d.ts', 'dist/configs/defaults.yaml', 'dist/kernel/logo/logo-64x64.png', 'dist/kernel/labextension/dist/package.json',
    'notebooks/welcome.ipynb', 'notebooks/sculpt/explore.ipynb', 'notebooks/sculpt/umap-analysis.ts', 'notebooks/sculpt/test-flow.ts',
  ]))
})

test('and nothing of the workshop: no tests, tools, sources, stores, data or outputs', () => {
  expect(packed.filter((path) => /^(tests|tools|src|kernel|magics|test-output|\.)|\.labflow|\.test\.|sculpt\/data\/|\.out\.ipynb$|\.csv$/.test(path))).toEqual([])
})

test('installed, the command answers from any folder', async () => {
  expect(await installed('--version')).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 })
  expect(await lab.start(process.execPath, [join(REPOSITORY, 'dist', 'src', 'cli', 'main.js'), '--version'], lab.home).ended).toEqual({ stdout: `${version}\n`, stderr: '', code: 0 })
  expect((await installed('--help')).stdout).toContain('labflow COMMAND --help tells more')
})

test('installed, it registers a kernel whose files are there, and doctor --smoke says OK', async () => {
  expect(await installed('install')).toMatchObject({ stderr: '', code: 0, stdout: expect.stringContaining('installed the JupyterLab extension') })
  const doctor = await installed('doctor', '--smoke')
  expect([doctor.code, doctor.stderr, doctor.stdout]).toEqual([0, '', expect.stringMatching(/\nOK\n$/)])
})

test('installed, a flow of a TypeScript file of the project runs', async () => {
  lab.write('sum.ts', `import { flow, task } from 'labflow'
export const square = task({ name: 'square' }, (x: number): number => x * x)
export const sum = flow({ name: 'sum' }, async ({ to = 3 }: { to?: number }): Promise<number> => (await square(to)) + 1)
`)
  const run = await installed('run', 'sum.ts', '--to', '5')
  expect([run.code, run.stderr]).toEqual([0, expect.stringMatching(/sum ended: 26\n$/)])
  expect((await installed('executor', 'stop')).stdout).toBe('executor stopped\n')
})
