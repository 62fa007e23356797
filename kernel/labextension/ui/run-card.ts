/**
 * Owns the renderer of application/vnd.labflow.run+json: the card of a run, which goes on moving after a page reload, with a stop button that works then too.
 * Everything from data becomes text nodes; no HTML is taken from it.
 */
import { Widget } from '@lumino/widgets'
import { readCard } from './card-data.ts'
import type { CardData, CardRun } from './card-data.ts'
import { addCardStyle } from './card-style.ts'
import { cacheText, childrenText, factsText, hasEnded, progressText } from './card-text.ts'
import { CardWatch } from './card-watch.ts'
import type { MimeModel, Renderer } from './lab-types.ts'
import type { RunsLink } from './run-comm.ts'

/** MIME type of a card. */
export const CARD_MIME = 'application/vnd.labflow.run+json'

const SYMBOLS: Readonly<Record<string, string>> = { COMPLETED: '✓', FAILED: '✗', CRASHED: '✗', CANCELLED: '■', CANCELLING: '■', RUNNING: '▶' }

/** One card in an output. */
export class RunCard extends Widget implements Renderer {
  readonly #linkOf: (node: HTMLElement) => RunsLink | null
  /** Runs whose stop button was pressed: the button stays pressed while updates redraw the card. */
  readonly #stopping = new Set<string>()
  readonly #watch: CardWatch
  #card: CardData | null = null
  /** Why something asked of the kernel was not done. */
  #refusal: string | null = null

  constructor(linkOf: (node: HTMLElement) => RunsLink | null) {
    super()
    this.#linkOf = linkOf
    this.#watch = new CardWatch(() => linkOf(this.node), (bundle) => readCard(bundle[CARD_MIME])?.nowMs ?? null, (bundle) => this.#take(bundle), (why) => this.#say(why))
    this.addClass('labflow-run-card')
    addCardStyle()
  }

  async renderModel(model: MimeModel): Promise<void> {
    this.#take(model.data)
  }

  override dispose(): void {
    this.#watch.stop()
    super.dispose()
  }

  #take(bundle: MimeModel['data']): void {
    this.#card = readCard(bundle[CARD_MIME])
    this.#paint()
    const atWork = this.#card?.runs.find((run) => !hasEnded(run))
    this.#watch.drawn(atWork?.id ?? null, this.#card?.nowMs ?? 0)
  }

  #say(why: string): void {
    this.#refusal = why
    this.#paint()
  }

  #paint(): void {
    const card = this.#card
    if (card === null) {
      this.node.replaceChildren(line('This card cannot be read; it was written by another version of Labflow.'))
      return
    }
    const frame = element('div', 'labflow-frame')
    frame.dataset['state'] = card.runs[0]?.state ?? ''
    if (card.total > 1) frame.append(element('div', 'labflow-name', `${card.total} runs`))
    for (const run of card.runs) frame.append(this.#runHead(run, card))
    if (card.total > card.runs.length) frame.append(line(`and ${card.total - card.runs.length} more · %runs`))
    const [only] = card.runs
    if (card.total === 1 && only !== undefined) frame.append(...details(only, card))
    if (this.#refusal !== null) frame.append(element('div', 'labflow-error', this.#refusal))
    // A redraw must not take the keyboard from the button in mid-press.
    const hadFocus = this.node.querySelector('.labflow-stop') === document.activeElement && document.activeElement !== null
    this.node.replaceChildren(frame)
    if (hadFocus) this.node.querySelector<HTMLElement>('.labflow-stop')?.focus()
  }

  #runHead(run: CardRun, card: CardData): HTMLElement {
    const head = element('div', 'labflow-head')
    head.dataset['state'] = run.state
    head.append(
      element('span', 'labflow-state', `${SYMBOLS[run.state] ?? '◦'} ${run.stateWord}`),
      element('span', 'labflow-name', run.runName),
      element('span', 'labflow-facts', factsText(run, card.nowMs)),
    )
    if (!hasEnded(run)) head.append(this.#stopButton(run))
    return head
  }

  #stopButton(run: CardRun): HTMLElement {
    const isStopping = this.#stopping.has(run.id) || run.state === 'CANCELLING'
    const button = element('button', 'labflow-stop', isStopping ? 'stopping…' : '■ Stop')
    button.title = `Cancel run ${run.shortId}`
    button.disabled = isStopping
    // Pressed, not clicked: an update may put a new button under the pointer between press and release.
    button.addEventListener('pointerdown', (event) => event.button === 0 && this.#stop(run))
    button.addEventListener('click', () => this.#stop(run))
    return button
  }

  #stop(run: CardRun): void {
    if (this.#stopping.has(run.id)) return
    const link = this.#linkOf(this.node)
    if (link === null) return this.#say(`There is no kernel to ask; in a terminal: labflow cancel ${run.shortId}`)
    this.#refusal = null
    this.#stopping.add(run.id)
    this.#paint()
    link.cancel(run.id, (why) => {
      this.#stopping.delete(run.id)
      this.#say(why)
    })
  }
}

function details(run: CardRun, card: CardData): HTMLElement[] {
  const isAtWork = !hasEnded(run)
  const lines: HTMLElement[] = []
  const progress = progressText(run, card)
  if (progress !== null) {
    const row = element('div', 'labflow-progress')
    if (isAtWork && run.progress?.total) row.append(bar(run.progress.done, run.progress.total))
    row.append(element('span', 'labflow-line', progress))
    lines.push(row)
  }
  // What happened says more than the error that it left behind: a cancelled run's process was killed.
  const isMessageShown = run.state === 'CANCELLED' || (isAtWork && run.state !== 'RUNNING')
  const texts = [cacheText(run, card.nowMs), childrenText(card, isAtWork), isMessageShown ? run.stateMessage : null]
  lines.push(...texts.flatMap((text) => (text ? [line(text)] : [])))
  if (run.lastLog !== null && run.lastLog !== '') {
    const log = element('div', 'labflow-line labflow-log', run.lastLog)
    log.title = run.lastLog
    lines.push(log)
  }
  lines.push(...[...run.warnings.map((warning) => `warning: ${warning}`), ...card.notes].map(line))
  if (run.error !== null && run.state !== 'CANCELLED') lines.push(element('div', 'labflow-error', run.error))
  return lines
}

function bar(done: number, total: number): HTMLElement {
  const made = element('div', 'labflow-bar')
  made.role = 'progressbar'
  made.ariaValueMin = '0'
  made.ariaValueMax = String(total)
  made.ariaValueNow = String(done)
  const fill = element('div', '')
  fill.style.width = `${Math.min(100, (100 * done) / total)}%`
  made.append(fill)
  return made
}

function line(text: string): HTMLElement {
  return element('div', 'labflow-line', text)
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, className: string, text = ''): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  if (text !== '') made.textContent = text
  return made
}
