import { describe, expect, test } from 'vitest'
import { CardThrottle, type ThrottleClock } from '../../../kernel/runs/card-throttle.ts'

class VirtualClock implements ThrottleClock {
  #nowMs = 0
  #timers: { atMs: number; run: () => void }[] = []
  nowMs(): number {
    return this.#nowMs
  }
  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (!next) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = untilMs
  }
}

describe('card updates', () => {
  test('a card that changes a thousand times a second is drawn five times, the newest state each time', () => {
    const clock = new VirtualClock()
    const throttle = new CardThrottle({ perCard: 5, perNotebook: 50 }, clock)
    const drawn: number[] = []
    for (let ms = 0; ms < 1000; ms++) {
      throttle.update('a', () => drawn.push(ms))
      clock.advance(1)
    }
    expect(drawn[0]).toBe(0)
    expect(drawn.length).toBeLessThanOrEqual(6)
    expect(drawn.length).toBeGreaterThanOrEqual(5)
    expect(drawn[1]).toBeGreaterThanOrEqual(199)
  })

  test('a hundred cards together stay under fifty a second', () => {
    const clock = new VirtualClock()
    const throttle = new CardThrottle({ perCard: 5, perNotebook: 50 }, clock)
    let drawn = 0
    for (let ms = 0; ms < 2000; ms += 10) {
      for (let card = 0; card < 100; card++) throttle.update(`card ${card}`, () => drawn++)
      clock.advance(10)
    }
    expect(drawn).toBeLessThanOrEqual(102)
    expect(drawn).toBeGreaterThan(80)
  })

  test('the last state is always drawn, at once, and nothing older after it', () => {
    const clock = new VirtualClock()
    const throttle = new CardThrottle({ perCard: 5, perNotebook: 50 }, clock)
    const drawn: string[] = []
    throttle.update('a', () => drawn.push('first'))
    throttle.update('a', () => drawn.push('middle'))
    throttle.finish('a', () => drawn.push('last'))
    clock.advance(1000)
    expect(drawn).toEqual(['first', 'last'])
  })

  test('closing draws what waits', () => {
    const clock = new VirtualClock()
    const throttle = new CardThrottle(undefined, clock)
    const drawn: string[] = []
    throttle.update('a', () => drawn.push('first'))
    throttle.update('a', () => drawn.push('second'))
    throttle.flush()
    expect(drawn).toEqual(['first', 'second'])
  })
})
