/**
 * Owns what browser tests read from a page: cards with their state, output texts, execution numbers, and a record of every change of a card.
 * Scripts of the page are text: the tests are type-checked without the browser's globals.
 */
import type { Page } from 'playwright-core'

/** One card at one time. */
export interface CardRecord {
  /** Since the page began. */
  timeMs: number
  /** Code cell that shows it, from 0. */
  cell: number
  state: string
  name: string
  /** Of its bar; -1 without one. */
  done: number
  text: string
  /** Code cells that had an execution number then. */
  cellsDone: number[]
}

const READ = `(() => {
  const cells = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')]
  const cellsDone = cells.flatMap((cell, index) => (/\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt')?.textContent ?? '') ? [index] : []))
  return [...document.querySelectorAll('.labflow-run-card')].map((card) => ({
    timeMs: performance.now(),
    cell: cells.indexOf(card.closest('.jp-CodeCell')),
    state: (card.querySelector('.labflow-state')?.textContent ?? '').replace(/^\\W+/, ''),
    name: card.querySelector('.labflow-name')?.textContent ?? '',
    done: Number(card.querySelector('[role=progressbar]')?.ariaValueNow ?? -1),
    text: card.textContent,
    cellsDone,
  }))
})()`

/** Script: all cards of the page, as CardRecord[]. */
export const cards = READ

/** Script: the card under a code cell (from 0), or undefined. */
export const cardIn = (cell: number): string => `${READ}.find((card) => card.cell === ${cell})`

/** Script: text of all outputs of a code cell, '' without any. */
export const outputIn = (cell: number): string =>
  `[...(document.querySelectorAll('.jp-Notebook .jp-CodeCell')[${cell}]?.querySelectorAll('.jp-OutputArea-output') ?? [])].map((output) => output.innerText.trim()).join('\\n')`

/** Script: whether every code cell with text has an execution number. */
export const everyCellHasNumber = `[...document.querySelectorAll('.jp-Notebook .jp-CodeCell')].every((cell) => /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt')?.textContent ?? '') || (cell.querySelector('.cm-content')?.textContent ?? '') === '')`

/** Records every change of every card from now on. */
export async function recordCards(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    const records = (window.labflowRecords = [])
    const last = new Map()
    const look = () => {
      for (const card of ${READ}) {
        const key = card.cell + card.name
        const now = card.state + card.done + card.text
        if (last.get(key) === now) continue
        last.set(key, now)
        records.push(card)
      }
    }
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
    look()
  })()`)
}

/** What was recorded. */
export async function cardRecords(page: Page): Promise<CardRecord[]> {
  return (await page.evaluate('window.labflowRecords')) as CardRecord[]
}
