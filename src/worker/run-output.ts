/**
 * Owns the text that user code prints: process.stdout, process.stderr and console become output of the run, at once, also from a busy loop.
 * Refuses to flood: a burst of tiny writes leaves as one message per 50 ms.
 */
import type { RunOutput } from '../model/run.ts'

/** Within this time a burst is joined. */
const WINDOW_MS = 50
/** Writes of one window that leave each by itself: the last line before a long silent loop must not wait. */
const SINGLE_WRITES = 200
const JOIN_LIMIT_CHARS = 32 * 1024

type StreamName = 'stdout' | 'stderr'
type Write = typeof process.stdout.write

/** Takes over both streams until `restore`. */
export class RunOutputs {
  readonly #emit: (output: RunOutput) => void
  readonly #original = { stdout: process.stdout.write, stderr: process.stderr.write }
  #pending: { name: StreamName; text: string } | null = null
  #windowStart = 0
  #windowWrites = 0
  #timer: NodeJS.Timeout | null = null

  constructor(emit: (output: RunOutput) => void) {
    this.#emit = emit
  }

  install(): void {
    process.stdout.write = this.#writerOf('stdout')
    process.stderr.write = this.#writerOf('stderr')
  }

  restore(): void {
    this.flush()
    process.stdout.write = this.#original.stdout
    process.stderr.write = this.#original.stderr
  }

  /** Any output that is no text: what was printed before it leaves before it. */
  emit(output: RunOutput): void {
    this.flush()
    this.#emit(output)
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const pending = this.#pending
    this.#pending = null
    if (pending !== null) this.#emit({ type: 'stream', ...pending })
  }

  #writerOf(name: StreamName): Write {
    const decoder = new TextDecoder()
    const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
      const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
      if (text !== '') this.#take(name, text)
      const callback = typeof encoding === 'function' ? encoding : done
      if (typeof callback === 'function') queueMicrotask(() => (callback as () => void)())
      return true
    }
    return write as Write
  }

  #take(name: StreamName, text: string): void {
    const now = performance.now()
    if (now - this.#windowStart > WINDOW_MS) {
      this.flush()
      this.#windowStart = now
      this.#windowWrites = 0
    }
    this.#windowWrites++
    if (this.#pending !== null && this.#pending.name !== name) this.flush()
    if (this.#windowWrites <= SINGLE_WRITES) {
      this.#emit({ type: 'stream', name, text })
      return
    }
    this.#pending = { name, text: (this.#pending?.text ?? '') + text }
    if (this.#pending.text.length >= JOIN_LIMIT_CHARS) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), WINDOW_MS)
  }
}
