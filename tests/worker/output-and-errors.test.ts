/** What a run prints, shows, reports and throws reaches its owner: at once, in order, in the user's own lines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WorkerMessage } from '../../src/worker/protocol.ts'
import { cell, textOf, WorkerFixture } from './worker-fixture.ts'

let worker: WorkerFixture
beforeEach(() => {
  worker = new WorkerFixture()
})
afterEach(() => worker.close())

function failure(final: WorkerMessage): string {
  return final.type === 'failed' ? final.error.traceback.join('\n') : 'did not fail'
}

describe('output', () => {
  test('of a loop that never yields is live: it can be read while the loop spins', async () => {
    const source = `const { existsSync } = require('node:fs')
      console.log('before the loop')
      while (!existsSync('go')) {}
      console.log('after the loop')`
    worker.begin({ code: cell(source) })
    await worker.wait((message) => message.type === 'output' && textOf([message]) === 'before the loop\n')
    worker.write('go', '')
    await worker.wait((message) => message.type === 'output' && textOf([message]) === 'after the loop\n')
    await worker.wait((message) => message.type === 'completed')
  })

  test('of 20,000 tiny writes is whole and in order, streams and displays interleaved', async () => {
    const { text, messages } = await worker.run({ code: cell('for (let i = 0; i < 20000; i++) process.stdout.write(i + " ")') })
    expect(text).toBe(Array.from({ length: 20_000 }, (_, index) => `${index} `).join(''))
    expect(messages.filter((message) => message.type === 'output').length).toBeLessThan(2_000)
    const mixed = await worker.run({ code: cell(`console.log('a'); display.html('<b>x</b>'); console.error('b'); clearOutput({ wait: true })`) })
    expect(mixed.messages.flatMap((message) => (message.type === 'output' ? [message.output] : []))).toMatchObject([
      { type: 'stream', name: 'stdout', text: 'a\n' }, { type: 'display', data: { 'text/html': '<b>x</b>' }, isUpdate: false },
      { type: 'stream', name: 'stderr', text: 'b\n' }, { type: 'clear', wait: true },
    ])
  })

  test('reports progress from a busy loop, thinned, the last value always, and log lines in their place', async () => {
    const source = `import_()
      function import_() {}
      for (const e of progress(50000, { label: 'train' })) { if (e === 49999) progress.metric('loss', 0.5) }
      logger.warning('slow', { n: 1 })`
    const imports = [{ local: 'progress', imported: 'progress', specifier: 'labflow' }, { local: 'logger', imported: 'logger', specifier: 'labflow' }]
    const { messages } = await worker.run({ code: cell(source, [], { imports }) })
    const reports = messages.flatMap((message) => (message.type === 'progress' ? [message.progress] : []))
    expect(reports.at(-1)).toEqual({ barId: 'bar-1', label: 'train', done: 50_000, total: 50_000, metrics: { loss: 0.5 } })
    expect(reports.length).toBeLessThan(5_000)
    expect(messages.find((message) => message.type === 'log')).toMatchObject({ level: 'warning', message: 'slow { n: 1 }' })
  })
})

describe('an error', () => {
  test('names the cell line and the file line, without frames of Labflow', async () => {
    worker.write('deep.ts', 'interface A { x: number }\n\nexport function dig(a: A): number {\n  throw new RangeError(`too deep: ${a.x}`)\n}\n')
    const { final } = await worker.run({ code: cell('const x = 1\n\nfunction go() { return dig({ x }) }\n$value = (go())', [], { imports: [{ local: 'dig', imported: 'dig', specifier: './deep' }] }, worker.folder) })
    expect(final).toMatchObject({ type: 'failed', error: { name: 'RangeError', message: 'too deep: 1' }, exitCode: null })
    expect(failure(final).split('\n')).toEqual([
      'RangeError: too deep: 1', expect.stringMatching(/deep\.ts line 4:\d+ in dig {3}throw new RangeError/),
      expect.stringMatching(/at cell-7 line 3:\d+ in go/), expect.stringMatching(/at cell-7 line 4:\d+ {3}\$value/),
    ])
  })

  test('keeps code, cause and the members of an AggregateError', async () => {
    const { final } = await worker.run({ code: cell(`throw new AggregateError([new TypeError('one')], 'all', { cause: Object.assign(new Error('root'), { code: 'ENOENT' }) })`) })
    expect(final).toMatchObject({ error: { name: 'AggregateError', cause: { message: 'root', code: 'ENOENT' }, errors: [{ name: 'TypeError', message: 'one' }] } })
  })

  test('of something that is no Error is shown as it is', async () => {
    expect((await worker.run({ code: cell('throw { status: 503 }') })).final).toMatchObject({ error: { name: 'Thrown value', message: '{ status: 503 }' } })
  })

  test('in a timer or an unhandled promise fails the run', async () => {
    const timer = await worker.run({ code: cell(`setTimeout(() => { throw new Error('late') }, 1)\nawait new Promise(() => {})`) })
    expect(timer.final).toMatchObject({ type: 'failed', error: { message: 'late' } })
    const promise = await worker.run({ code: cell(`Promise.reject(new Error('nobody listens'))\nawait new Promise(() => {})`) })
    expect(promise.final).toMatchObject({ type: 'failed', error: { message: 'nobody listens' } })
  })

  test('of a missing module or name says which', async () => {
    worker.write('a.ts', 'export const a = 1\n')
    const missing = await worker.run({ code: cell('$value = await import("./nope")', [], {}, worker.folder) })
    expect(failure(missing.final)).toMatch(/Cannot find module '\.\/nope'/)
    worker.write('b.ts', '\nimport { gone } from "./a"\nconsole.log(gone)')
    const name = await worker.run({ code: cell('await import("./b")', [], {}, worker.folder) })
    expect(failure(name.final)).toMatch(/does not provide an export named 'gone'[\s\S]*b\.ts line 2/)
  })

  test('process.exit() is told with its line, and the process ends with that code', async () => {
    const { final } = await worker.run({ code: cell('const ok = 1\nconsole.log("bye")\n\nprocess.exit(3)', ['ok']) })
    expect(final).toMatchObject({ type: 'failed', exitCode: 3, isReusable: false, error: { message: 'called process.exit(3) at line 4' } })
    expect(await worker.exited()).toBe(3)
  })
})

describe('cancel', () => {
  test('aborts the signal that the code listens to', async () => {
    const source = `const { signal } = currentRun()\nconsole.log('listening')\nawait new Promise((_done, fail) => signal.addEventListener('abort', () => fail(signal.reason)))`
    const { runId } = worker.begin({ code: cell(source, [], { imports: [{ local: 'currentRun', imported: 'currentRun', specifier: 'labflow' }] }) })
    await worker.wait((message) => message.type === 'output')
    worker.send({ type: 'cancel', runId, reason: 'enough' })
    expect((await worker.wait((message) => message.type === 'failed')).message).toMatchObject({ error: { code: 'RUN_CANCELLED', message: 'enough' } })
  })
})
