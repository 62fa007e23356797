/**
 * Owns the template tags html, svg, md and tex. What is put into html and svg is escaped, unless it came from such a tag itself.
 */
import { escapeHtml } from './escape.ts'
import { displaySymbol } from './mime-bundle.ts'
import type { MimeBundle } from '../model/run.ts'

/** Text with a MIME type; shows itself as a cell's result. */
export class Markup {
  readonly mime: string
  readonly text: string

  constructor(mime: string, text: string) {
    this.mime = mime
    this.text = text
  }

  [displaySymbol](): MimeBundle {
    return { [this.mime]: this.text, 'text/plain': this.text }
  }

  toString(): string {
    return this.text
  }
}

export type TemplateTag = (strings: TemplateStringsArray, ...values: unknown[]) => Markup

function escaped(value: unknown): string {
  if (value instanceof Markup) return value.text
  if (Array.isArray(value)) return value.map(escaped).join('')
  return value === undefined || value === null || value === false ? '' : escapeHtml(String(value))
}

function plain(value: unknown): string {
  return Array.isArray(value) ? value.map(plain).join('') : value === undefined || value === null ? '' : String(value)
}

function join(parts: readonly string[], values: readonly unknown[], show: (value: unknown) => string): string {
  return parts.map((part, index) => (index < values.length ? part + show(values[index]) : part)).join('')
}

/** Backslashes stay (LaTeX is full of them); only an escaped backtick or `${` loses its backslash. */
function rawParts(strings: TemplateStringsArray): string[] {
  return strings.raw.map((part) => part.replace(/\\(`|\$\{)/g, '$1'))
}

/** HTML; values are escaped, lists joined. */
export const html: TemplateTag = (strings, ...values) => new Markup('text/html', join(strings, values, escaped))
/** SVG; values are escaped. */
export const svg: TemplateTag = (strings, ...values) => new Markup('image/svg+xml', join(strings, values, escaped))
/** Markdown, with LaTeX between dollar signs; backslashes are kept. */
export const md: TemplateTag = (strings, ...values) => new Markup('text/markdown', join(rawParts(strings), values, plain))
/** LaTeX; set as a display formula when it brings no delimiters of its own. */
export const tex: TemplateTag = (strings, ...values) => new Markup('text/latex', delimited(join(rawParts(strings), values, plain)))

/** LaTeX with delimiters, which front ends need to see a formula. */
export function delimited(text: string): string {
  return /^\s*(\$|\\\(|\\\[|\\begin\{)/.test(text) ? text : `$$${text}$$`
}
