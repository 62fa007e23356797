/**
 * Owns the types of showing things: where displays go, and what a shown value looks like.
 */
import type { MimeBundle } from '../model/run.ts'

/** Takes displays in order. Implemented by the session, the worker and, in plain programs, the console. */
export interface DisplaySink {
  display(data: MimeBundle, metadata: Record<string, unknown>, displayId: string | null, isUpdate: boolean): void
  clear(wait: boolean): void
}

/** A value as a front end can show it. */
export interface Shown {
  data: MimeBundle
  metadata: Record<string, unknown>
  /** A fuller bundle that takes time (a figure's picture, an asynchronous `Jupyter.display`); never rejects, null when nothing was added. */
  later?: Promise<Shown | null>
}

/** Something shown that can be replaced in place. */
export interface DisplayHandle {
  readonly id: string
  update(value: unknown): void
}

/** `id` shows under that display id and replaces what has it already; sizes are in CSS pixels. */
export interface DisplayOptions {
  id?: string
  metadata?: Record<string, unknown>
  width?: number
  height?: number
}
