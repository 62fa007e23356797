import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, startLab } from '../support/lab.ts'
import { replaceInNotebook, savedCodeCells, writeNotebook } from '../support/notebook-file.ts'
import { cardIn, cardRecords, cards, everyCellHasNumber, outputIn, recordCards, type CardRecord } from './page-reading.ts'

/** Events in place of 19,000, and passes enough that the bar has a way to go. */
const ROWS = 1000
const EPOCHS = 2500
/** What is asked for: a bar that moves at least this often. */
const BAR_GAP_MS = 2000

const ENDLESS = (kind: 'task' | 'submit', name: string): string => `%%${kind} ${name}
import { progress } from 'labflow'
for (let turn = 0; ; turn++) {
  progress.set(turn % 500, 500, { loss: 1 / (1 + turn) })
  const until = performance.now() + 20
  while (performance.now() < until) Math.sqrt(turn)
}`
const UNTIL_FILE = (file: string): string => `%%submit slow
import { existsSync } from 'node:fs'
import { progress } from 'labflow'
let turns = 0
while (!existsSync('${file}')) {
  progress.set(turns++ % 1000, 1000, {})
  await new Promise((resolve) => setTimeout(resolve, 50))
}
const answer = 42`

let lab: Lab
beforeAll(async () => {
  lab = await startLab(['notebooks/sculpt'])
  replaceInNotebook(join(lab.folder, 'sculpt', 'explore.ipynb'), { 'rows = 19000': `rows = ${ROWS}`, 'epochs = 200': `epochs = ${EPOCHS}` })
  writeNotebook(join(lab.folder, 'stopping.ipynb'), [ENDLESS('task', 'endless'), ENDLESS('submit', 'background')])
  writeNotebook(join(lab.folder, 'closing.ipynb'), [UNTIL_FILE('release'), '%wait slow', 'answer', ENDLESS('submit', 'later')])
  writeNotebook(join(lab.folder, 'cards.ipynb'), [
    '%%task counted --cache=1h\nconst total = Array.from({ length: 1000 }, (_, index) => index).reduce((sum, next) => sum + next, 0)\nconsole.log(`the sum is ${total}`)\ntotal',
    '%%task counted --cache=1h\nconst total = Array.from({ length: 1000 }, (_, index) => index).reduce((sum, next) => sum + next, 0)\nconsole.log(`the sum is ${total}`)\ntotal',
    "%%task reading --retries 1 --retry-delay 10ms\nfunction readRow(row: number): number {\n  if (row > 2) throw new RangeError(`row ${row} has no momentum`)\n  return row\n}\nconst momenta = [1, 2, 3].map(readRow)",
    "const parse = (text: string) => JSON.parse(text)\nparse('{ broken')",
    '[{ id: 1, name: "direct", counts: 640 }, { id: 2, name: "Auger", counts: 320 }]',
  ])
})
afterAll(() => lab.close())
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await lab.picture(`failed-${task.name.slice(0, 40).replace(/\W+/g, '-')}`)
})

const waitForCard = (cell: number, word: RegExp): Promise<unknown> => lab.page.waitForFunction(`${word}.test(${cardIn(cell)}?.state ?? '')`)
const errorsOf = (name: string): string[] => savedCodeCells(join(lab.folder, name)).flatMap(({ outputs = [] }) => outputs.flatMap((output) => (output.output_type === 'error' ? [`${output.ename}: ${output.evalue}`] : [])))
/** Resolves when the file on disk holds what the page shows. */
async function save(name: string, until: () => boolean): Promise<void> {
  await lab.save()
  await expect.poll(until, { timeout: 30_000, message: `${name} is saved` }).toBe(true)
}

describe('explore.ipynb in a real JupyterLab', () => {
  test('Run All: the bar moves all the time, a submitted run leaves the notebook free, the plots are live', async () => {
    await lab.open('sculpt/explore.ipynb')
    await lab.setTheme('JupyterLab Dark')
    await recordCards(lab.page)
    await lab.runAll()
    await lab.page.waitForFunction(`${cards}.some((card) => card.name === 'umap' && card.state === 'running' && card.done > 0)`)
    await lab.page.locator('.labflow-run-card').first().scrollIntoViewIfNeeded()
    await lab.picture('explore-running-dark')
    // A change of the theme holds up the page for a second, so it waits until the bar that is watched has ended.
    await lab.page.waitForFunction(`${cards}.some((card) => card.name === 'wide' && card.state === 'running' && card.done > 0)`)
    await lab.setTheme('JupyterLab Light')
    await lab.page.locator('.labflow-run-card').nth(1).scrollIntoViewIfNeeded()
    await lab.picture('explore-running-light')
    await lab.page.waitForFunction(everyCellHasNumber, undefined, { timeout: 240_000 })

    const records = await cardRecords(lab.page)
    const umap = records.filter(({ name }) => name === 'umap')
    expect(umap.at(-1)?.state).toBe('completed')
    const running = umap.filter(({ state, done }) => state === 'running' && done >= 0)
    const moves = running.filter(({ done }, index) => index === 0 || done !== running[index - 1]?.done)
    expect(moves.length).toBeGreaterThan(5)
    const endMs = umap.find(({ state }) => state === 'completed')?.timeMs ?? Infinity
    const gaps = moves.map(({ timeMs }, index) => (moves[index + 1]?.timeMs ?? endMs) - timeMs)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(BAR_GAP_MS)

    // The cell after %%submit ended while the submitted run was at work.
    const wide = records.filter(({ name }) => name === 'wide')
    expect(wide.some(({ state, cellsDone, cell }) => state === 'running' && cellsDone.includes(cell + 1))).toBe(true)
    expect(wide.at(-1)?.state).toBe('completed')

    const plots = (await lab.page.evaluate(`[...document.querySelectorAll('.js-plotly-plot')].map((plot) => ({ kinds: plot.data.map((trace) => trace.type), points: plot.data.reduce((sum, trace) => sum + trace.x.length, 0), width: plot.querySelector('.main-svg').clientWidth }))`)) as { kinds: string[]; points: number; width: number }[]
    expect(plots).toHaveLength(4)
    expect(plots[1]).toMatchObject({ points: ROWS })
    expect(plots[1]?.kinds.every((kind) => kind.startsWith('scatter'))).toBe(true)
    expect(plots.every(({ width }) => width > 300)).toBe(true)
  })

  test('saved and loaded again, the outputs are there', async () => {
    const path = join(lab.folder, 'sculpt', 'explore.ipynb')
    await save('explore.ipynb', () => savedCodeCells(path).every(({ execution_count }) => typeof execution_count === 'number'))
    expect(errorsOf('sculpt/explore.ipynb')).toEqual([])
    await lab.newPage()
    await lab.open('sculpt/explore.ipynb')
    await lab.page.waitForFunction(`document.querySelectorAll('.js-plotly-plot .main-svg').length >= 4`)
    const shown = (await lab.page.evaluate(cards)) as CardRecord[]
    expect(shown.map(({ name, state }) => `${name} ${state}`)).toEqual(['umap completed', 'wide completed', ...Array.from({ length: 5 }, () => 'umapAnalysis completed')])
    // Of the second run of the flow, the embedding came from the cache.
    expect(shown[3]?.text).toContain('4 of 4 task runs ended · 1 cached')
    await lab.page.locator('.jp-Notebook .jp-Cell').first().scrollIntoViewIfNeeded()
    await lab.pictures('explore-top')
    for (const [index, name] of [[1, 'scatter'], [3, 'comparison']] as const) {
      await lab.pictures(`explore-${name}`, `.js-plotly-plot >> nth=${index}`)
    }
    await lab.page.locator('.labflow-run-card').nth(2).scrollIntoViewIfNeeded()
    await lab.pictures('explore-flow')
  })
})

describe('stopping', () => {
  test('the Stop button of the card cancels a run that never yields; the waiting cell says so', async () => {
    await lab.open('stopping.ipynb')
    await lab.runCell(0)
    await waitForCard(0, /^running/)
    await lab.page.waitForFunction(`${cardIn(0)}?.done > 20`)
    await lab.pictures('card-running', '.labflow-run-card')
    await lab.page.click('.labflow-stop')
    await waitForCard(0, /^cancelled/)
    await lab.cellDone(0)
    expect(await lab.page.evaluate(outputIn(0))).toMatch(/RunCancelled: r\d+ endless was cancelled: stopped by its card/)
    await lab.pictures('card-cancelled')
  })

  test('so does the stop button of JupyterLab', async () => {
    await lab.runCell(0)
    await waitForCard(0, /^running/)
    await lab.page.click('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]')
    await waitForCard(0, /^cancelled/)
    await lab.cellDone(0)
    expect(await lab.page.evaluate(outputIn(0))).toMatch(/RunCancelled: r\d+ endless was cancelled: interrupted/)
  })

  test('a submitted run is stopped by its card while no cell waits for it', async () => {
    await lab.runCell(1)
    await lab.cellDone(1)
    await waitForCard(1, /^running/)
    await lab.page.click('.labflow-stop')
    await waitForCard(1, /^cancelled/)
  })
})

describe('the browser closed in mid-run', () => {
  test('the run goes on, its card moves again in the next page, its result is there', async () => {
    await lab.open('closing.ipynb')
    await lab.runCell(0)
    await waitForCard(0, /^running/)
    await save('closing.ipynb', () => (savedCodeCells(join(lab.folder, 'closing.ipynb'))[0]?.outputs ?? []).length > 0)
    await lab.newPage()
    await lab.open('closing.ipynb')
    await waitForCard(0, /^running/)
    const before = (await lab.page.evaluate(`${cardIn(0)}.text`)) as string
    await lab.page.waitForFunction(`${cardIn(0)}.state === 'running' && ${cardIn(0)}.text !== ${JSON.stringify(before)}`)
    writeFileSync(join(lab.folder, 'release'), '')
    await waitForCard(0, /^completed/)
    await lab.runCell(1)
    await lab.runCell(2)
    await lab.cellDone(2)
    expect(await lab.page.evaluate(outputIn(2))).toBe('42')
    // What the card says now is what a saved notebook keeps.
    await save('closing.ipynb', () => JSON.stringify(savedCodeCells(join(lab.folder, 'closing.ipynb'))[0]?.outputs).includes('✓ completed'))
    expect(errorsOf('closing.ipynb')).toEqual([])
  })

  test('the Stop button works in the next page, too', async () => {
    await lab.runCell(3)
    await waitForCard(3, /^running/)
    await save('closing.ipynb', () => (savedCodeCells(join(lab.folder, 'closing.ipynb'))[3]?.outputs ?? []).length > 0)
    await lab.newPage()
    await lab.open('closing.ipynb')
    await lab.page.click('.labflow-stop')
    await waitForCard(3, /^cancelled/)
  })
})

describe('what a cell shows', () => {
  test('cards of a completed, a cached and a failed run; errors and values as a reader wants them', async () => {
    await lab.open('cards.ipynb')
    for (const index of [0, 1, 2, 3, 4]) {
      await lab.runCell(index)
      await lab.cellDone(index)
    }
    const shown = (await lab.page.evaluate(cards)) as CardRecord[]
    expect(shown.map(({ state }) => state)).toEqual(['completed', 'cached', 'failed'])
    expect(shown[1]?.text).toMatch(/computed .* ago by r\d+/)
    expect(await lab.page.evaluate(outputIn(1))).toContain('the sum is 499500')
    const failure = (await lab.page.evaluate(outputIn(2))) as string
    expect(failure).toMatch(/RangeError: row 3 has no momentum/)
    expect(failure).not.toMatch(/node_modules|src\/worker|file:\/\//)
    await lab.page.locator('.jp-Notebook .jp-Cell').first().scrollIntoViewIfNeeded()
    await lab.pictures('cards')
    await lab.page.locator('.jp-Notebook .jp-Cell').nth(4).scrollIntoViewIfNeeded()
    await lab.pictures('errors')
  })

  test('Tab completes from the types', async () => {
    await lab.page.click('.jp-Notebook .jp-CodeCell >> nth=5 >> .cm-content')
    await lab.page.keyboard.type('const events = [{ energy: 20, channel: "direct" }]\nevents[0].')
    await lab.page.keyboard.press('Tab')
    await lab.page.waitForSelector('.jp-Completer .jp-Completer-item')
    const items = (await lab.page.locator('.jp-Completer .jp-Completer-item').allTextContents()).join(' ')
    expect(items).toContain('energy')
    expect(items).toContain('channel')
    await lab.pictures('completion')
  })
})
