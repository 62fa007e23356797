import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestNotebook } from './recording-output.ts'

let notebook: TestNotebook
beforeAll(async () => {
  notebook = await TestNotebook.inNewFolder()
})
afterAll(() => notebook.remove())

describe('a cell with magics', () => {
  test('runs magics and code in the order written and shows the last value', async () => {
    const cellId = await notebook.run('const a = 5\n%who\na * 2')
    expect(notebook.output.text(cellId)).toMatch(/name\s+kind[^]*a\s+number[^]*10/)
  })

  test('a misspelt magic is refused before the code above it runs', async () => {
    const error = await notebook.fail('globalThis.ran = true\n%rus')
    expect(error.message).toMatch(/no magic %rus; did you mean %runs\? For modulo, write `% rus`/)
    expect(await notebook.value('typeof ran')).toBe("'undefined'")
  })

  test('a syntax error after a magic is found before the magic runs', async () => {
    const error = await notebook.fail('%env LABFLOW_TEST_SET=1\nconst = 3')
    expect(error.code).toBe('BAD_CODE')
    expect(await notebook.value('process.env.LABFLOW_TEST_SET')).toBeUndefined()
  })

  test('%%task in the wrong place runs nothing', async () => {
    const error = await notebook.fail('globalThis.ran = true\n%%task\n1')
    expect(error.message).toContain('line 2')
    expect(await notebook.value('typeof ran')).toBe("'undefined'")
  })

  test('error lines count from the cell’s first line, magics included', async () => {
    const error = await notebook.fail('%%time\n\nconst f = () => { throw new TypeError("no") }\nf()')
    expect(error.name).toBe('TypeError')
    expect(error.traceback.join('\n').replace(/\u001b\[\d*m/g, '')).toMatch(/line 3/)
  })

  test('%%time and %time say how long it took, and show the value', async () => {
    const cell = await notebook.run('%%time\n1 + 1')
    expect(notebook.output.result(cell)).toBe('2')
    expect(notebook.output.streams(cell)).toMatch(/^took \d+ ms\n$/)
    expect(notebook.output.result(await notebook.run('%time 2 + 2'))).toBe('4')
  })

  test('shell commands run in the session’s folder with its environment', async () => {
    await notebook.run('%env LABFLOW_TEST_WORD=blue sky\nprocess.env.LABFLOW_TEST_CODE = "set in code"')
    const cell = await notebook.run('!echo "$LABFLOW_TEST_WORD, $LABFLOW_TEST_CODE"; pwd >&2')
    expect(notebook.output.text(cell)).toContain('blue sky, set in code')
    expect(notebook.output.text(cell)).toContain(notebook.folder)
    expect(notebook.output.result(await notebook.run('%env LABFLOW_TEST_WORD'))).toBe("'blue sky'")
    const error = await notebook.fail("%%sh\necho it\\'s\nexit 3")
    expect(error.message).toBe('the command ended with 3')
    expect(notebook.output.streams(error.cellId)).toBe("it's\n")
  })

  test('an interrupt ends a shell command and what it started', async () => {
    const { cellId, outcome } = notebook.start('!echo begun; sleep 600 & wait')
    await notebook.output.until(() => notebook.output.streams(cellId) === 'begun\n')
    await notebook.port.interrupt()
    expect(await outcome).toMatchObject({ status: 'error', error: { code: 'INTERRUPTED' } })
  })

  test('%cd changes the folder, %reset brings a fresh session', async () => {
    await notebook.run('!mkdir -p inner')
    expect(notebook.output.streams(await notebook.run('%cd inner'))).toBe(`${join(notebook.folder, 'inner')}\n`)
    await notebook.run('const lost = 1')
    await notebook.run('%reset')
    expect(await notebook.value('typeof lost')).toBe("'undefined'")
    expect(await notebook.value('process.cwd().endsWith("inner")')).toBe('false')
  })

  test('name? and %magic? open a page', async () => {
    await notebook.run('/** Doubles. */\nfunction double(x: number): number { return 2 * x }')
    for (const [code, text] of [['double?', /number/], ['%submit?', /--retries N/]] as const) {
      const { outcome } = notebook.start(code)
      const ended = await outcome
      expect(ended.status === 'ok' ? String(ended.payloads?.[0]?.data['text/plain']) : ended.error.message).toMatch(text)
    }
  })

  test('completion knows magics, options and live names', async () => {
    await notebook.run('const spectrum = { energy: [1, 2], width: 3 }')
    expect((await notebook.port.complete('%%ta', 4)).matches).toEqual(['%%task'])
    expect((await notebook.port.complete('%%task --retry-d', 16)).matches).toEqual(['--retry-delay'])
    const members = await notebook.port.complete('%who\nspectrum.en', 16)
    expect(members.matches).toContain('energy')
    expect([members.start, members.end]).toEqual([14, 16])
    expect((await notebook.port.complete('%nothing x', 10)).matches).toEqual([])
  })

  test('inspection tells of a magic and of a variable', async () => {
    expect(String((await notebook.port.inspect('%%submit fit', 4, 0))?.['text/plain'])).toContain('%%submit [name]')
    expect(String((await notebook.port.inspect('spectrum.width', 14, 0))?.['text/plain'])).toMatch(/number/)
    expect(await notebook.port.inspect('nothingAtAll', 3, 0)).toBeNull()
  })

  test('a cell of magics is complete, an open bracket under one is not', () => {
    expect(notebook.port.isComplete('%runs').status).toBe('complete')
    expect(notebook.port.isComplete('%%task\nfunction f() {').status).toBe('incomplete')
    expect(notebook.port.isComplete('%%sh\nif true; then').status).toBe('complete')
  })

  test('settings come from labflow.yaml, and a wrong one is told by file', async () => {
    const other = await TestNotebook.inNewFolder()
    try {
      await writeFile(join(other.folder, 'labflow.yaml'), 'run:\n  retrys: 2\n')
      expect((await other.fail('%config')).message).toMatch(/labflow\.yaml.*run\.retrys: did you mean run\.retries/)
    } finally {
      await other.remove()
    }
  })

  test('a session that dies fails its cell, and the next cell gets a fresh one', async () => {
    const error = await notebook.fail('process.kill(process.pid, "SIGKILL"); await new Promise(() => {})')
    expect(error.code).toBe('SESSION_DIED')
    expect(await notebook.value('1 + 1')).toBe('2')
  })
})

describe('with LABFLOW=off', () => {
  test('a task cell runs in the session, without executor or files', async () => {
    process.env['LABFLOW'] = 'off'
    const plain = await TestNotebook.inNewFolder()
    try {
      expect(plain.output.result(await plain.run('%%task fit --retries 2\nconst here = process.ppid\nhere === process.ppid'))).toBe('true')
      expect(await plain.value('here === process.ppid')).toBe('true')
      expect(await plain.value("process.getBuiltinModule('node:fs').existsSync('.labflow')")).toBe('false')
    } finally {
      delete process.env['LABFLOW']
      await plain.remove()
    }
  })
})
