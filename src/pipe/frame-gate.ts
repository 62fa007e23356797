/**
 * Owns the agreement between a main thread that writes frames and its watcher thread: a signal is raised only between two frames.
 * Refuses to wait for ever: a main thread that hangs inside a frame is signalled after a named limit.
 *
 * Shared word: 0 = nobody, 1 = the main thread writes a frame, 2 = the watcher holds the gate.
 */
const IDLE = 0
const WRITING = 1
const HELD = 2
/** How long a writer waits for a watcher that holds the gate; a watcher that died must not stop output. */
const HELD_LIMIT_MS = 1_000

/** A gate over one shared Int32; made by the main thread, handed to the watcher as `shared`. */
export class FrameGate {
  readonly shared: Int32Array<SharedArrayBuffer>

  constructor(shared: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4))) {
    this.shared = shared
  }

  /** Main thread: before the first byte of a frame. Waits at most a second while the watcher holds the gate. */
  enter(): void {
    const word = this.shared
    if (Atomics.compareExchange(word, 0, IDLE, WRITING) === IDLE) return
    const limit = performance.now() + HELD_LIMIT_MS
    // A termination inside a frame leaves WRITING behind: the only writer may pass its own mark.
    while (Atomics.load(word, 0) === HELD && performance.now() < limit) Atomics.wait(word, 0, HELD, 10)
    Atomics.store(word, 0, WRITING)
  }

  /** Main thread: after the last byte of a frame. */
  leave(): void {
    Atomics.store(this.shared, 0, IDLE)
    Atomics.notify(this.shared, 0)
  }

  /** Watcher: takes the gate between two frames, waiting at most `limitMs`; returns whether it did. */
  hold(limitMs: number): boolean {
    const word = this.shared
    const limit = performance.now() + limitMs
    while (Atomics.compareExchange(word, 0, IDLE, HELD) !== IDLE) {
      const left = limit - performance.now()
      if (left <= 0) return false
      Atomics.wait(word, 0, WRITING, Math.min(left, 5))
    }
    return true
  }

  /** Watcher: lets the writer go on. */
  release(): void {
    Atomics.compareExchange(this.shared, 0, HELD, IDLE)
    Atomics.notify(this.shared, 0)
  }
}
