/**
 * Owns the proof that every spelling of the background magics does the same: `%%` and `%` as a cell's first line, over statements and over functions.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestNotebook } from './recording-output.ts'

let notebook: TestNotebook
beforeAll(async () => {
  notebook = await TestNotebook.inNewFolder()
  await notebook.run('const offset = 40')
})
afterAll(() => notebook.remove())

const cardOf = (cellId: string) => notebook.output.card(cellId)

describe.each(['%%', '%'])('%stask, flow and submit', (sign) => {
  const mark = sign === '%%' ? 'Cell' : 'Line'

  test('task over statements runs the cell in a worker and binds its outputs', async () => {
    const cell = await notebook.run(`${sign}task count${mark}\nconst byTask${mark} = offset + 1\nconst worker${mark} = process.pid`)
    expect(cardOf(cell)?.run).toMatchObject({ kind: 'task', name: `count${mark}`, state: { type: 'COMPLETED' } })
    expect(await notebook.value(`byTask${mark}`)).toBe('41')
    expect(await notebook.value(`worker${mark} !== process.pid`)).toBe('true')
  })

  test('flow over statements runs the cell as a flow and can be submitted again', async () => {
    const cell = await notebook.run(`${sign}flow sum${mark}\nconst step = 2\nconst byFlow${mark} = offset + step\nbyFlow${mark}`)
    expect(cardOf(cell)?.run).toMatchObject({ kind: 'flow', name: `sum${mark}`, state: { type: 'COMPLETED' } })
    expect(notebook.output.result(cell)).toBe('42')
    await notebook.run(`%submit sum${mark} step=3`)
    await notebook.run(`%wait sum${mark}`)
    expect(await notebook.value(`byFlow${mark}`)).toBe('43')
  })

  test('submit over statements returns with a card, and a cell that uses its name waits', async () => {
    const cell = await notebook.run(`${sign}submit later${mark}\nconst bySubmit${mark} = offset + 4`)
    expect(cardOf(cell)?.run).toMatchObject({ kind: 'task', name: `later${mark}` })
    expect(await notebook.value(`bySubmit${mark}`)).toBe('44')
  })

  test('task over functions makes them tasks: a call runs in a worker', async () => {
    const cell = await notebook.run(`${sign}task\nfunction pidOf${mark}(): number { return process.pid }\nconst twice${mark} = (x: number) => 2 * x`)
    expect(notebook.output.streams(cell)).toContain(`2 tasks defined: pidOf${mark}, twice${mark}`)
    expect(await notebook.value(`(await pidOf${mark}()) !== process.pid`)).toBe('true')
    expect(await notebook.value(`await twice${mark}(21)`)).toBe('42')
  })

  test('flow over functions makes them flows', async () => {
    const cell = await notebook.run(`${sign}flow\nasync function analyse${mark}(n: number): Promise<number> { return n + offset }`)
    expect(notebook.output.streams(cell)).toContain(`1 flow defined: analyse${mark}`)
    const call = await notebook.run(`await analyse${mark}(5)`)
    expect(cardOf(call)?.run).toMatchObject({ kind: 'flow', name: `analyse${mark}` })
    expect(notebook.output.result(call)).toBe('45')
  })

  test('submit over functions says what they became', async () => {
    const cell = await notebook.run(`${sign}submit\nfunction halved${mark}(x: number): number { return x / 2 }`)
    expect(notebook.output.streams(cell)).toContain(`1 task defined: halved${mark}`)
    expect(await notebook.value(`await halved${mark}(84)`)).toBe('42')
  })
})
