/**
 * Owns what capture needs to know of the place code is captured from, and what it hands to a submission.
 */
import type { RecordedDefinition } from '../code/contract.ts'
import type { CodeBundle, EncodedValue, ImportBinding } from '../model/run.ts'

/** What the name of some code holds, and which functions hung on it when its cell had ended, where that was noted. */
export interface LiveCode {
  value?: unknown
  made?: ReadonlyMap<string, unknown> | undefined
}

/** How a name stands in the notebook (or in a worker that runs notebook code). */
export type NameBinding =
  | { kind: 'import'; binding: ImportBinding }
  | ({ kind: 'definition'; definition: RecordedDefinition } & LiveCode)
  | { kind: 'value'; value: unknown }
  | ({ kind: 'task'; fingerprintSource: RecordedDefinition } & LiveCode)
  | { kind: 'pending'; runShortId: string }
  | { kind: 'unknown' }

/** The names that captured code may refer to. Implemented by the session and by the worker. */
export interface NameScope {
  /** Never triggers a getter. */
  lookup(name: string): NameBinding
  /** Every recorded definition; lets capture tell a function made inside another one, whose variables are not the notebook's. */
  definitions?(): Iterable<RecordedDefinition>
  /** Absolute folder that relative imports resolve from. */
  folder: string
}

/** What capture produces: code and inputs that can run in any worker, and the key that tells the same work again. */
export interface Capture {
  code: CodeBundle
  inputs: EncodedValue
  inputDigests: Record<string, string>
  /** sha256 hex over fingerprint and input digests. */
  cacheKey: string
  /** JSON-safe previews of the inputs by name. */
  parameters: Record<string, unknown>
}
