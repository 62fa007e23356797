/** A busy loop's frames reach the other end whole, in order, and a dead other end never throws into user code. */
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { FrameGate } from '../../../src/pipe/frame-gate.ts'
import { FrameReader } from '../../../src/pipe/frame.ts'

const writerPath = fileURLToPath(new URL('../../../src/pipe/blocking-writer.ts', import.meta.url))

function spawnWriter(body: string, stdio: ('pipe' | 'ignore' | 'inherit')[]) {
  const script = `import { BlockingFrameWriter } from ${JSON.stringify(writerPath)}; import { Socket } from 'node:net';\n${body}`
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio })
}

describe('BlockingFrameWriter', () => {
  test('delivers all of 20,000 frames and 30 MB that a synchronous loop wrote', async () => {
    const child = spawnWriter(
      `const w = new BlockingFrameWriter(3); for (let i = 0; i < 20000; i++) w.write({ i });
       w.write({ big: true }, [new Uint8Array(30_000_000).fill(7)])`,
      ['ignore', 'ignore', 'inherit', 'pipe'],
    )
    let next = 0
    let bigBytes = 0
    const reader = new FrameReader<{ i?: number }>(({ message, buffers }) => {
      if (message.i === undefined) bigBytes = buffers[0]?.byteLength ?? 0
      else expect(message.i).toBe(next++)
    })
    for await (const chunk of child.stdio[3] as Readable) reader.push(chunk as Buffer)
    expect([next, bigBytes]).toEqual([20_000, 30_000_000])
  })

  test('waits on a full non-blocking pipe instead of losing frames', async () => {
    // A net.Socket over the same descriptor makes it non-blocking: EAGAIN after about 130 kB.
    const child = spawnWriter(
      `const w = new BlockingFrameWriter(3); new Socket({ fd: 3 }).unref();
       for (let i = 0; i < 3000; i++) w.write({ i, text: 'z'.repeat(1000) }); process.exit(0)`,
      ['ignore', 'ignore', 'inherit', 'pipe'],
    )
    let next = 0
    const reader = new FrameReader<{ i: number }>(({ message }) => expect(message.i).toBe(next++))
    for await (const chunk of child.stdio[3] as Readable) reader.push(chunk as Buffer)
    expect(next).toBe(3000)
  })

  test('says once that the reader is gone, then refuses quietly', async () => {
    const child = spawnWriter(
      `process.stdin.on('data', () => {
         let gone = 0; const w = new BlockingFrameWriter(3, { onGone: (e) => { gone++; console.log(e.code) } })
         const sent = [w.write({}), w.write({}), w.write({})]
         console.log(gone, sent.join(), w.isGone); process.exit(0) }); console.log('up')`,
      ['pipe', 'pipe', 'inherit', 'pipe'],
    )
    let text = ''
    for await (const chunk of child.stdout as Readable) {
      text += String(chunk)
      if (text === 'up\n') {
        const pipe = child.stdio[3] as Readable
        await new Promise((resolve) => pipe.once('close', resolve).destroy())
        child.stdin?.write('go\n')
      }
    }
    expect(text).toBe('up\nEPIPE\n1 false,false,false true\n')
  })
})

describe('FrameGate', () => {
  test('a watcher cannot hold it inside a frame', () => {
    const gate = new FrameGate()
    gate.enter()
    expect(gate.hold(5)).toBe(false)
    gate.leave()
    expect(gate.hold(5)).toBe(true)
    gate.release()
    gate.enter()
    expect(gate.shared[0]).toBe(1)
  })

  test('a mark left by a terminated frame does not block the next one', () => {
    const gate = new FrameGate()
    gate.enter()
    gate.enter()
    gate.leave()
    expect(gate.shared[0]).toBe(0)
  })
})
