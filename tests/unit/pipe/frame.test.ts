/** Frames between processes: nothing lost by splitting, damage costs only the damaged frame. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrame, FrameReader } from '../../../src/pipe/frame.ts'
import type { Frame } from '../../../src/pipe/frame.ts'

function frameBytes(message: unknown, buffers: Uint8Array[] = []): Buffer {
  return Buffer.concat(encodeFrame(message, buffers))
}

function collect(): { reader: FrameReader; frames: Frame[]; lost: number[] } {
  const frames: Frame[] = []
  const lost: number[] = []
  return { reader: new FrameReader((frame) => frames.push(frame), (bytes) => lost.push(bytes)), frames, lost }
}

describe('a frame that arrives in pieces', () => {
  test('is read once whatever the cuts', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 200 })
    const messages = fc.array(fc.tuple(fc.string(), fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 3 })), { maxLength: 8 })
    fc.assert(
      fc.property(messages, cuts, (sent, sizes) => {
        const stream = Buffer.concat(sent.map(([text, buffers]) => frameBytes({ text }, buffers)))
        const { reader, frames, lost } = collect()
        for (let at = 0, turn = 0; at < stream.byteLength; turn++) {
          const size = sizes[turn % sizes.length] as number
          reader.push(stream.subarray(at, at + size))
          at += size
        }
        expect(lost).toEqual([])
        expect(frames.map((frame) => (frame.message as { text: string }).text)).toEqual(sent.map(([text]) => text))
        frames.forEach((frame, index) =>
          expect(frame.buffers.map((buffer) => [...buffer])).toEqual((sent[index]?.[1] ?? []).map((buffer) => [...buffer])))
      }),
      { numRuns: 60 },
    )
  })

  test('of 50 MB keeps every byte', () => {
    const big = new Uint8Array(50_000_000)
    for (let at = 0; at < big.length; at += 4099) big[at] = at % 251
    const stream = frameBytes({ type: 'completed' }, [big, new Uint8Array(0)])
    const { reader, frames } = collect()
    for (let at = 0; at < stream.byteLength; at += 65_536) reader.push(stream.subarray(at, at + 65_536))
    expect(frames).toHaveLength(1)
    expect(frames[0]?.buffers[0]?.byteLength).toBe(50_000_000)
    expect(Buffer.compare(frames[0]?.buffers[0] as Uint8Array, big)).toBe(0)
    expect(frames[0]?.buffers[1]?.byteLength).toBe(0)
  })
})

describe('damage on the pipe', () => {
  test('garbage between two frames loses neither', () => {
    const { reader, frames, lost } = collect()
    reader.push(Buffer.concat([frameBytes('one'), Buffer.from('native code printed here, far more than a header'), frameBytes('two')]))
    reader.push(frameBytes('three'))
    expect(frames.map((frame) => frame.message)).toEqual(['one', 'two', 'three'])
    expect(lost).toEqual([48])
  })

  test('a frame cut short by a dying writer costs only itself', () => {
    const half = frameBytes({ text: 'x'.repeat(500) }).subarray(0, 200)
    const { reader, frames, lost } = collect()
    reader.push(half)
    for (let turn = 0; turn < 20; turn++) reader.push(frameBytes({ turn, text: 'y'.repeat(50) }))
    expect(frames.map((frame) => (frame.message as { turn: number }).turn)).toEqual([...Array(20).keys()])
    expect(lost).toEqual([200])
  })

  test('a flipped bit is found by the checksum', () => {
    const bad = frameBytes({ text: 'important' })
    bad[30] = (bad[30] as number) ^ 1
    const { reader, frames, lost } = collect()
    reader.push(Buffer.concat([bad, frameBytes('after')]))
    expect(frames.map((frame) => frame.message)).toEqual(['after'])
    expect(lost).toEqual([bad.byteLength])
  })

  test('a callback that throws does not make a frame arrive twice', () => {
    const seen: unknown[] = []
    const reader = new FrameReader((frame) => {
      seen.push(frame.message)
      if (frame.message === 'bad') throw new Error('handler failed')
    })
    expect(() => reader.push(Buffer.concat([frameBytes('bad'), frameBytes('good')]))).toThrow('handler failed')
    reader.push(frameBytes('last'))
    expect(seen).toEqual(['bad', 'good', 'last'])
  })
})
