/**
 * Owns the module that `import * as tslab from 'tslab'` gets: tslab's display API over ours, so that its notebooks run unchanged.
 */
import { randomUUID } from 'node:crypto'
import type { MimeBundle } from '../model/run.ts'
import { currentDisplay } from './current.ts'
import { toBase64 } from './image.ts'

/** tslab's Displayer: each method shows one kind of content. */
export interface TslabDisplayer {
  javascript(text: string): void
  html(text: string): void
  markdown(text: string): void
  latex(text: string): void
  svg(text: string): void
  png(bytes: Uint8Array): void
  jpeg(bytes: Uint8Array): void
  gif(bytes: Uint8Array): void
  pdf(bytes: Uint8Array): void
  json(value: unknown): void
  text(text: string): void
  /** Any MIME type; bytes go out as base64. */
  raw(contentType: string, content: string | Uint8Array | object): void
}

function displayer(show: (bundle: MimeBundle) => void): TslabDisplayer {
  const text = (mime: string) => (content: string) => show({ [mime]: content })
  const bytes = (mime: string) => (content: Uint8Array) => show({ [mime]: toBase64(content) })
  return {
    javascript: text('application/javascript'),
    html: text('text/html'),
    markdown: text('text/markdown'),
    latex: text('text/latex'),
    svg: text('image/svg+xml'),
    png: bytes('image/png'),
    jpeg: bytes('image/jpeg'),
    gif: bytes('image/gif'),
    pdf: bytes('application/pdf'),
    json: (value) => show({ 'application/json': value }),
    text: text('text/plain'),
    raw: (contentType, content) => show({ [contentType]: content instanceof Uint8Array ? toBase64(content) : content }),
  }
}

/** tslab's `display`. */
export const display: TslabDisplayer = displayer((bundle) => void currentDisplay().display.raw(bundle))

/** tslab's `newDisplay`: the first call shows, later ones replace in place. */
export function newDisplay(): TslabDisplayer {
  const id = randomUUID()
  return displayer((bundle) => void currentDisplay().display.raw(bundle, { id }))
}
