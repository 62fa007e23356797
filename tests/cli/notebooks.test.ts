/** `labflow run NOTEBOOK`: parameters, failing cells, where the result is written. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cellText, type NotebookFile } from '../../src/cli/notebook-file.ts'
import { writeNotebook } from '../support/notebook-file.ts'
import { ProjectLab } from '../support/project-lab.ts'

const lab = new ProjectLab()
afterAll(() => lab.close())

const path = (name: string): string => join(lab.folder, name)
const read = (name: string): NotebookFile => JSON.parse(readFileSync(path(name), 'utf8')) as NotebookFile
const firstText = (notebook: NotebookFile, index: number): unknown => {
  const output = notebook.cells[index]?.outputs?.[0]
  return output === undefined ? undefined : 'data' in output ? output.data['text/plain'] : output.output_type === 'stream' ? output.text : output.ename
}

test('-p sets a parameter by a cell after the one tagged parameters; the notebook itself stays as it was', async () => {
  writeNotebook(path('rows.ipynb'), ['const rows = 10\nconst label = "ion"', 'rows * 2', 'label'])
  const before = read('rows.ipynb')
  before.cells[0]!.metadata.tags = ['parameters']
  lab.write('rows.ipynb', JSON.stringify(before))
  const command = await lab.labflow('run', 'rows.ipynb', '-p', 'rows', '21', '-p', 'label', 'electron')
  expect(command).toMatchObject({ stdout: '', code: 0, stderr: expect.stringContaining('rows.out.ipynb') })
  const after = read('rows.out.ipynb')
  expect(after.cells.map((cell) => cell.metadata.tags ?? [])).toEqual([['parameters'], ['injected-parameters'], [], []])
  expect(cellText(after.cells[1]!)).toBe('// Parameters\nvar rows = 21;\nvar label = "electron";')
  expect([firstText(after, 2), firstText(after, 3)]).toEqual(['42', "'electron'"])
  expect(read('rows.ipynb')).toEqual(before)

  // Run again on its own output, the cell of the earlier run is replaced.
  expect(await lab.labflow('run', 'rows.out.ipynb', 'again.ipynb', '-p', 'rows', '5')).toMatchObject({ code: 0 })
  expect(read('again.ipynb').cells.filter((cell) => cell.metadata.tags?.includes('injected-parameters')).map(cellText)).toEqual(['// Parameters\nvar rows = 5;'])
  expect(firstText(read('again.ipynb'), 2)).toBe('10')
})

test('a failing cell ends the run with exit code 1, its error on stderr and in the file, the later cells not run', async () => {
  writeNotebook(path('failing.ipynb'), ['const good = 1\ngood', 'const bad: number = JSON.parse("[1")\nbad', '"never"'])
  const command = await lab.labflow('run', 'failing.ipynb')
  expect(command.code).toBe(1)
  expect(command.stderr).toMatch(/SyntaxError: /)
  expect(command.stderr).toMatch(/labflow: cell 2 of failing\.ipynb failed; what ran is in failing\.out\.ipynb\n$/)
  const { cells, metadata } = read('failing.out.ipynb')
  expect(cells.map((cell) => (cell.metadata.papermill as { status?: string } | undefined)?.status)).toEqual(['completed', 'failed', undefined])
  expect(cells.map((cell) => cell.execution_count)).toEqual([1, 2, null])
  expect(cells[1]?.outputs).toMatchObject([{ output_type: 'error', ename: 'SyntaxError' }])
  expect(metadata.papermill).toMatchObject({ exception: true })
})

test('a cell whose background run fails fails the notebook too', async () => {
  writeNotebook(path('task.ipynb'), ['%%task\nconst momentum = 3\nthrow new RangeError("channel 7")', 'momentum'])
  const command = await lab.labflow('run', 'task.ipynb')
  expect([command.code, command.stderr]).toEqual([1, expect.stringContaining('RangeError: channel 7')])
})

test('--allow-errors goes on after a failed cell, and the exit code still says so', async () => {
  writeNotebook(path('errors.ipynb'), ['throw new Error("one")', '40 + 2'])
  expect((await lab.labflow('run', 'errors.ipynb', '--allow-errors')).code).toBe(1)
  expect(firstText(read('errors.out.ipynb'), 1)).toBe('42')
})

test('--in-place writes into the notebook, --log-output prints what the cells print', async () => {
  writeNotebook(path('place.ipynb'), ['console.log("hello from the cell")'])
  expect(await lab.labflow('run', 'place.ipynb', '--in-place', '--log-output')).toMatchObject({ stdout: 'hello from the cell\n', code: 0 })
  expect(firstText(read('place.ipynb'), 0)).toBe('hello from the cell\n')
})

test('a run that was submitted is awaited, and its card in the file says how it ended', async () => {
  writeNotebook(path('submit.ipynb'), ['%%submit later\nawait new Promise((resolve) => setTimeout(resolve, 300))\nconst answer = 42'])
  expect(await lab.labflow('run', 'submit.ipynb')).toMatchObject({ code: 0 })
  const [output] = read('submit.out.ipynb').cells[0]?.outputs ?? []
  expect(output !== undefined && 'data' in output && JSON.stringify(output.data['application/vnd.labflow.run+json'])).toContain('COMPLETED')
})

test('what is no notebook, a missing file or half an option is refused in one sentence', async () => {
  lab.write('text.ipynb', 'not JSON')
  lab.write('old.ipynb', '{"nbformat":3,"worksheets":[]}')
  expect(await lab.labflow('run', 'text.ipynb')).toMatchObject({ stderr: expect.stringMatching(/^labflow: text\.ipynb is not a notebook: it is not JSON .*\n$/), code: 1 })
  expect(await lab.labflow('run', 'old.ipynb')).toMatchObject({ stderr: expect.stringContaining('is not an nbformat 4 notebook (nbformat is 3)'), code: 1 })
  expect(await lab.labflow('run', 'gone.ipynb')).toMatchObject({ stderr: expect.stringContaining('the notebook gone.ipynb cannot be read'), code: 1 })
  expect(await lab.labflow('run', 'rows.ipynb', '-p', 'rows')).toMatchObject({ stderr: 'labflow: -p needs a name and a value: -p rows 1000\n', code: 2 })
  expect(await lab.labflow('run', 'rows.ipynb', '-p', 'no-name', '1')).toMatchObject({ stderr: expect.stringContaining('"no-name" cannot be a parameter'), code: 1 })
  expect(await lab.labflow('run', 'rows.ipynb', '--alow-errors')).toMatchObject({ stderr: expect.stringContaining('did you mean --allow-errors?'), code: 2 })
})
