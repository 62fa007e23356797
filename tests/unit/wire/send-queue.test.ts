/** Order and failure of the send queue. */
import { expect, test } from 'vitest'
import { SendQueue } from '../../../src/wire/send-queue.ts'

test('a socket that takes one message at a time gets all of them in order', async () => {
  const sent: string[] = []
  let isBusy = false
  const queue = new SendQueue(async ([frame]) => {
    if (isBusy) throw new Error('EBUSY')
    isBusy = true
    await Promise.resolve()
    isBusy = false
    sent.push(String(frame))
  }, (line) => sent.push(line))
  for (let n = 0; n < 2_000; n += 1) queue.push([String(n)])
  await queue.drained()
  expect(sent).toEqual(Array.from({ length: 2_000 }, (_, n) => String(n)))
})

test('a failed send is logged and the next ones go out', async () => {
  const sent: string[] = []
  const log: string[] = []
  const queue = new SendQueue(async ([frame]) => {
    if (frame === 'bad') throw new Error('no route')
    sent.push(String(frame))
  }, (line) => log.push(line))
  for (const frame of ['a', 'bad', 'b']) queue.push([frame])
  await queue.drained()
  expect(sent).toEqual(['a', 'b'])
  expect(log).toEqual(['send failed: no route'])
})

test('after close nothing is sent, and waiting for the end does not hang', async () => {
  const sent: string[] = []
  const queue = new SendQueue(async ([frame]) => void sent.push(String(frame)), () => undefined)
  queue.close()
  queue.push(['late'])
  await queue.drained()
  expect(sent).toEqual([])
})
