/**
 * Owns the way from the engine's hover and signature help to a signature and its documentation as plain text with Markdown in it.
 */
import { readableSignature } from './readable.ts'

/** What `inspect` answers. */
export interface Inspection {
  signature: string
  documentation: string
}

type Documentation = string | { value: string } | undefined

/** LSP's answer to textDocument/hover. */
export interface EngineHover {
  contents: Documentation
}

/** LSP's answer to textDocument/signatureHelp. */
export interface EngineSignatureHelp {
  signatures: {
    label: string
    documentation?: Documentation
    parameters?: { label: string | [number, number]; documentation?: Documentation }[]
    activeParameter?: number
  }[]
  activeSignature?: number
  activeParameter?: number
}

/** Splits a hover into the code block it opens with and what follows; null when there is nothing to show. */
export function inspectionOfHover(hover: EngineHover | null, isImported: (name: string) => boolean): Inspection | null {
  const text = textOf(hover?.contents).trim()
  if (text === '') return null
  const block = /^```\w*\n([\s\S]*?)\n```\s*/.exec(text)
  if (!block) return { signature: '', documentation: text }
  return { signature: readableSignature(block[1]!, isImported), documentation: text.slice(block[0].length).trim() }
}

/** The signature that fits the arguments so far, the other overloads' number, and what is known of each parameter. */
export function inspectionOfSignature(help: EngineSignatureHelp | null): Inspection | null {
  const active = help?.signatures[help.activeSignature ?? 0] ?? help?.signatures[0]
  if (!help || !active) return null
  const others = help.signatures.length - 1
  const parts = [textOf(active.documentation).trim()]
  for (const parameter of active.parameters ?? []) {
    const words = textOf(parameter.documentation).trim()
    const label = typeof parameter.label === 'string' ? parameter.label : active.label.slice(...parameter.label)
    if (words) parts.push(`- \`${label}\` — ${words}`)
  }
  if (others > 0) parts.push(`(+${others} overload${others > 1 ? 's' : ''})`)
  return { signature: readableSignature(active.label, () => true), documentation: parts.filter((part) => part !== '').join('\n') }
}

function textOf(documentation: Documentation): string {
  return typeof documentation === 'string' ? documentation : (documentation?.value ?? '')
}
