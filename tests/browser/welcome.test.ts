import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, startLab } from '../support/lab.ts'
import { savedCodeCells } from '../support/notebook-file.ts'
import { cards, everyCellHasNumber, type CardRecord } from './page-reading.ts'

let lab: Lab
beforeAll(async () => {
  lab = await startLab(['notebooks/welcome.ipynb'])
})
afterAll(() => lab.close())

test('welcome.ipynb: Run All, and everything is there without an error', async () => {
  await lab.open('welcome.ipynb')
  await lab.runAll()
  await lab.page.waitForFunction(everyCellHasNumber, undefined, { timeout: 120_000 })
  const shown = (await lab.page.evaluate(cards)) as CardRecord[]
  expect(shown.map(({ state }) => state)).toEqual(['completed', 'completed'])
  await lab.page.waitForSelector('.js-plotly-plot .main-svg')
  await lab.save()
  const path = join(lab.folder, 'welcome.ipynb')
  await expect.poll(() => savedCodeCells(path).every(({ execution_count }) => typeof execution_count === 'number'), { timeout: 30_000 }).toBe(true)
  const outputs = savedCodeCells(path).map(({ outputs = [] }) => outputs)
  expect(outputs.flat().filter(({ output_type }) => output_type === 'error')).toEqual([])
  expect(outputs.map((cell) => cell.length > 0)).toEqual(outputs.map(() => true))
  await lab.page.locator('.jp-Notebook .jp-Cell').first().scrollIntoViewIfNeeded()
  await lab.pictures('welcome-top')
  await lab.page.locator('.jp-Notebook .jp-Cell').last().scrollIntoViewIfNeeded()
  await lab.pictures('welcome-end')
})
