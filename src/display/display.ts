/**
 * Owns `display`, its short forms and `clearOutput`, over a sink that the session, a worker or a plain program hands in.
 */
import { randomUUID } from 'node:crypto'
import type { MimeBundle } from '../model/run.ts'
import type { DisplayHandle, DisplayOptions, DisplaySink, Shown } from './contract.ts'
import { showPlotly, showVega } from './figure.ts'
import { toBase64 } from './image.ts'
import { jsonSafe } from './json-safe.ts'
import { shownSymbol, toMimeBundle } from './mime-bundle.ts'
import { delimited, html, md, svg, tex, type TemplateTag } from './template-tags.ts'

/** Shows a value now, and its short forms by kind. Each returns a handle whose `update` replaces it in place. */
export interface Display {
  (value: unknown, options?: DisplayOptions): DisplayHandle
  html(text: string, options?: DisplayOptions): DisplayHandle
  markdown(text: string, options?: DisplayOptions): DisplayHandle
  latex(text: string, options?: DisplayOptions): DisplayHandle
  svg(text: string, options?: DisplayOptions): DisplayHandle
  /** PNG bytes, or their base64. */
  png(bytes: Uint8Array | string, options?: DisplayOptions): DisplayHandle
  jpeg(bytes: Uint8Array | string, options?: DisplayOptions): DisplayHandle
  json(value: unknown, options?: DisplayOptions): DisplayHandle
  vegaLite(spec: object, options?: DisplayOptions): DisplayHandle
  plotly(figure: object, options?: DisplayOptions): DisplayHandle
  raw(bundle: MimeBundle, options?: DisplayOptions): DisplayHandle
}

/** What user code gets: globals of a cell and exports of `labflow`. */
export interface DisplayApi {
  display: Display
  clearOutput(options?: { wait?: boolean }): void
  html: TemplateTag
  md: TemplateTag
  svg: TemplateTag
  tex: TemplateTag
  /** Resolves when everything that was shown before has its final form (figures drawn off the main path). */
  settled(): Promise<void>
}

/** Builds `display` and its companions over a sink. Showing undefined sends nothing. */
export function createDisplay(sink: DisplaySink): DisplayApi {
  const known = new Set<string>()
  const pending = new Set<Promise<void>>()

  function send(shown: Shown | null, id: string, options: DisplayOptions): void {
    if (shown === null) return
    sink.display(shown.data, { ...shown.metadata, ...sizeOf(shown, options), ...options.metadata }, id, known.has(id))
    known.add(id)
    if (shown.later === undefined) return
    const arrival = shown.later.then((fuller) => {
      if (fuller !== null) sink.display(fuller.data, { ...fuller.metadata, ...sizeOf(fuller, options), ...options.metadata }, id, true)
    })
    pending.add(arrival)
    void arrival.finally(() => pending.delete(arrival))
  }

  function open(shown: Shown | null, options: DisplayOptions = {}, again: (value: unknown) => Shown | null = toMimeBundle): DisplayHandle {
    const id = options.id ?? randomUUID()
    send(shown, id, options)
    // A cell that ends in display(…) must not show the handle as well.
    return Object.defineProperty({ id, update: (value: unknown) => send(again(value), id, options) }, shownSymbol, { value: true })
  }

  const display = ((value: unknown, options?: DisplayOptions) => open(toMimeBundle(value), options)) as Display
  const kinds = bundleMakers()
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    const make = (value: unknown): Shown => kinds[kind](value as never)
    Object.defineProperty(display, kind, { enumerable: true, value: (value: unknown, options?: DisplayOptions) => open(make(value), options, make) })
  }
  return {
    display,
    clearOutput: (options) => sink.clear(options?.wait === true),
    html,
    md,
    svg,
    tex,
    settled: async () => void (await Promise.all(pending)),
  }
}

function bundleMakers() {
  const text = (mime: string) => (value: unknown): Shown => ({ data: { [mime]: String(value), 'text/plain': String(value) }, metadata: {} })
  const image = (mime: string) => (value: Uint8Array | string): Shown => ({ data: { [mime]: toBase64(value), 'text/plain': `[${mime}]` }, metadata: {} })
  return {
    html: text('text/html'),
    markdown: text('text/markdown'),
    latex: (value: unknown): Shown => ({ data: { 'text/latex': delimited(String(value)), 'text/plain': String(value) }, metadata: {} }),
    svg: text('image/svg+xml'),
    png: image('image/png'),
    jpeg: image('image/jpeg'),
    json: (value: unknown): Shown => ({ data: { 'application/json': jsonSafe(value), 'text/plain': JSON.stringify(jsonSafe(value), null, 2) }, metadata: {} }),
    vegaLite: showVega,
    plotly: showPlotly,
    raw: (bundle: MimeBundle): Shown => ({ data: { ...bundle }, metadata: {} }),
  }
}

function sizeOf(shown: Shown, options: DisplayOptions): Record<string, unknown> {
  if (options.width === undefined && options.height === undefined) return {}
  const size = { ...(options.width === undefined ? {} : { width: options.width }), ...(options.height === undefined ? {} : { height: options.height }) }
  return Object.fromEntries(Object.keys(shown.data).filter((mime) => mime.startsWith('image/')).map((mime) => [mime, size]))
}
