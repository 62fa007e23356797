/**
 * Owns the renderer of application/vnd.labflow.run+json: the card of a run, which goes on moving after a page reload, with a stop button that works then too.
 * Everything from data becomes text nodes; no HTML is taken from it.
 */
import { Widget } from '@lumino/widgets'
import { readCard } from './card-data.ts'
import { CardWatch } from './card-watch.ts'
import type { CardData, CardRun } from './card-data.ts'
import type { MimeModel, Renderer } from './lab-types.ts'
import type { RunsLink } from './run-comm.ts'

/** MIME type of a card. */
export const CARD_MIME = 'application/vnd.labflow.run+json'

const FINAL = ['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED']
const COLOURS: Readonly<Record<string, string>> = {
  SCHEDULED: '#b7791f', PENDING: '#b7791f', RUNNING: '#2b7cd3', COMPLETED: '#2f9e44', FAILED: '#d9480f',
  CRASHED: '#c2255c', CANCELLING: '#868e96', CANCELLED: '#868e96', PAUSED: '#7048e8',
}
const SYMBOLS: Readonly<Record<string, string>> = { COMPLETED: '✓', FAILED: '✗', CRASHED: '✗', CANCELLED: '■', CANCELLING: '■', RUNNING: '▶' }

/** One card in an output. */
export class RunCard extends Widget implements Renderer {
  readonly #linkOf: (node: HTMLElement) => RunsLink | null
  /** Runs whose stop button was pressed: the button stays pressed while updates redraw the card. */
  readonly #stopping = new Set<string>()
  readonly #watch: CardWatch
  #card: CardData | null = null

  constructor(linkOf: (node: HTMLElement) => RunsLink | null) {
    super()
    this.#linkOf = linkOf
    this.#watch = new CardWatch(() => linkOf(this.node), (bundle) => readCard(bundle[CARD_MIME])?.nowMs ?? null, (bundle) => this.#take(bundle), (why) => this.#say(why))
    this.addClass('labflow-run-card')
  }

  async renderModel(model: MimeModel): Promise<void> {
    this.#take(model.data)
  }

  override dispose(): void {
    this.#watch.stop()
    super.dispose()
  }

  #say(why: string): void {
    this.node.append(element('div', { color: COLOURS['FAILED'] as string, padding: '0 10px' }, why))
  }

  #take(bundle: MimeModel['data']): void {
    this.#card = readCard(bundle[CARD_MIME])
    this.#paint()
    const atWork = this.#card?.runs.find((run) => !FINAL.includes(run.state))
    this.#watch.drawn(atWork?.id ?? null, this.#card?.nowMs ?? 0)
  }

  #paint(): void {
    const card = this.#card
    if (card === null) {
      this.node.replaceChildren(element('div', {}, 'This card cannot be read; it was written by another version of Labflow.'))
      return
    }
    const first = card.runs[0]
    const frame = element('div', {
      border: '1px solid var(--jp-border-color2)', borderLeft: `4px solid ${COLOURS[first?.state ?? ''] ?? '#868e96'}`, borderRadius: '3px',
      padding: '6px 10px', margin: '2px 0', lineHeight: '1.5', color: 'var(--jp-content-font-color1)', fontFamily: 'var(--jp-content-font-family)', fontSize: 'var(--jp-content-font-size1)',
    })
    if (card.total > 1) frame.append(element('b', {}, `${card.total} runs`))
    for (const run of card.runs) frame.append(this.#runHead(run, card))
    if (card.total > card.runs.length) frame.append(element('div', { opacity: '.7' }, `and ${card.total - card.runs.length} more · %runs`))
    if (card.total === 1 && first !== undefined) frame.append(...details(first, card))
    this.node.replaceChildren(frame)
  }

  #runHead(run: CardRun, card: CardData): HTMLElement {
    const head = element('div', { display: 'flex', gap: '8px', alignItems: 'baseline', flexWrap: 'wrap' })
    head.append(
      element('span', { color: COLOURS[run.state] ?? 'inherit', fontWeight: '600' }, `${SYMBOLS[run.state] ?? '◦'} ${run.stateWord}`),
      element('b', {}, run.runName),
      element('span', { opacity: '.75' }, [run.shortId, run.kind, elapsedText(run, card.nowMs), attemptText(run)].filter(Boolean).join(' · ')),
    )
    if (!FINAL.includes(run.state)) head.append(this.#stopButton(run))
    return head
  }

  #stopButton(run: CardRun): HTMLElement {
    const isStopping = this.#stopping.has(run.id) || run.state === 'CANCELLING'
    const button = element('button', {
      marginLeft: 'auto', padding: '0 8px', color: 'inherit', background: 'transparent', border: '1px solid var(--jp-border-color1)', borderRadius: '3px', cursor: 'pointer', font: 'inherit',
    }, isStopping ? 'stopping…' : '■ Stop')
    button.className = 'labflow-stop'
    button.title = `Cancel run ${run.shortId}`
    button.disabled = isStopping
    button.addEventListener('click', () => {
      const link = this.#linkOf(this.node)
      if (link === null) {
        button.replaceWith(element('span', { opacity: '.75', marginLeft: 'auto' }, `no kernel: labflow cancel ${run.shortId}`))
        return
      }
      this.#stopping.add(run.id)
      this.#paint()
      link.cancel(run.id, (why) => {
        this.#stopping.delete(run.id)
        this.#paint()
        this.#say(why)
      })
    })
    return button
  }
}

function details(run: CardRun, card: CardData): HTMLElement[] {
  const lines: HTMLElement[] = []
  const isAtWork = !FINAL.includes(run.state)
  if (run.progress !== null) {
    const { label, done, total, metrics } = run.progress
    const line = element('div', { opacity: '.85' })
    if (isAtWork && total !== null && total > 0) {
      const bar = element('progress', { width: '240px', verticalAlign: 'middle', marginRight: '8px' })
      bar.max = total
      bar.value = done
      line.append(bar)
    }
    const percent = total !== null && total > 0 ? `${Math.floor((100 * done) / total)} %` : null
    line.append([label, percent, total === null ? String(done) : `${done} of ${total}`, isAtWork ? remainingText(run, card.nowMs) : null, ...Object.entries(metrics).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`)].filter(Boolean).join(' · '))
    lines.push(line)
  }
  if (run.cachedFrom !== null) lines.push(element('div', { opacity: '.85' }, `cached · computed ${durationText(card.nowMs - run.cachedFrom.computedMs)} ago by ${run.cachedFrom.shortId}`))
  if (card.children.length > 0) {
    const ended = card.children.filter((child) => FINAL.includes(child.state)).length
    const current = [...new Set(card.children.filter((child) => child.state === 'RUNNING').map((child) => child.runName))].slice(0, 3)
    lines.push(element('div', { opacity: '.85' }, `${ended} of ${card.children.length} task runs ended${isAtWork && current.length > 0 ? ` · now ${current.join(', ')}` : ''}`))
  }
  if (isAtWork && run.state !== 'RUNNING' && run.stateMessage !== '') lines.push(element('div', { opacity: '.85' }, run.stateMessage))
  if (run.lastLog !== null) lines.push(element('div', { opacity: '.85', fontFamily: 'var(--jp-code-font-family)', whiteSpace: 'pre-wrap' }, run.lastLog))
  for (const note of [...run.warnings.map((warning) => `warning: ${warning}`), ...card.notes]) lines.push(element('div', { opacity: '.85' }, note))
  if (run.error !== null) lines.push(element('div', { color: COLOURS['FAILED'] as string, whiteSpace: 'pre-wrap' }, run.error))
  return lines
}

function elapsedText(run: CardRun, nowMs: number): string | null {
  return run.startedMs === null || run.cachedFrom !== null ? null : durationText((run.endedMs ?? nowMs) - run.startedMs)
}

function attemptText(run: CardRun): string | null {
  return run.retries > 0 || run.attempt > 1 ? `attempt ${Math.max(1, run.attempt)} of ${run.retries + 1}` : null
}

function remainingText(run: CardRun, nowMs: number): string | null {
  const { progress, startedMs } = run
  if (progress === null || progress.total === null || progress.done <= 0 || progress.done >= progress.total || startedMs === null) return null
  return `about ${durationText(((nowMs - startedMs) * (progress.total - progress.done)) / progress.done)} left`
}

/** As the kernel's cards say it: ms below a second, then s, min, h. */
export function durationText(durationMs: number): string {
  const ms = Math.max(0, durationMs)
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, style: Partial<CSSStyleDeclaration>, text = ''): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  Object.assign(made.style, style)
  if (text !== '') made.textContent = text
  return made
}
