import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestNotebook } from './recording-output.ts'

let notebook: TestNotebook
beforeAll(async () => {
  notebook = await TestNotebook.inNewFolder()
  await notebook.run('const points = [1, 2, 3]\nfunction scale(x: number): number { return 10 * x }')
})
afterAll(() => notebook.remove())

/** Code of a cell body that goes on until the file exists, so that a test decides when. */
const untilFile = (name: string): string =>
  `import { existsSync } from 'node:fs'\nwhile (!existsSync(${JSON.stringify(join(notebook.folder, name))})) await new Promise((resolve) => setTimeout(resolve, 5))`
const release = (name: string): Promise<void> => writeFile(join(notebook.folder, name), '')
const cardOf = (cellId: string) => notebook.output.card(cellId)
const stateOf = (cellId: string): string | undefined => cardOf(cellId)?.run.state.type

describe('%%task over statements', () => {
  test('runs in a worker and hands its outputs and its value back', async () => {
    const cell = await notebook.run('%%task total\nconst scaled: number[] = points.map(scale)\nconst where = process.pid\nconsole.log("in the worker")\nscaled.length')
    expect(notebook.output.result(cell)).toBe('3')
    expect(notebook.output.streams(cell)).toContain('in the worker')
    expect(await notebook.value('scaled')).toBe('[ 10, 20, 30 ]')
    expect(await notebook.value('where !== process.pid')).toBe('true')
    expect(cardOf(cell)?.run).toMatchObject({ state: { type: 'COMPLETED' }, name: 'total', kind: 'task' })
  })

  test('assigns existing variables, and leaves all as they were when it fails', async () => {
    await notebook.run('let best = 1')
    await notebook.run('%task\nbest = best + 41')
    expect(await notebook.value('best')).toBe('42')
    const error = await notebook.fail('%%task\nbest = 0\nthrow new RangeError("too deep")')
    expect(error.name).toBe('RangeError')
    expect(error.message).toBe('too deep')
    expect(error.traceback.join('\n').replace(/\u001b\[\d*m/g, '')).toMatch(/line 3|:3/)
    expect(stateOf(error.cellId)).toBe('FAILED')
    expect(await notebook.value('best')).toBe('42')
  })

  test('changing an input in place is refused before the start, with the ways out', async () => {
    const error = await notebook.fail('%%task\npoints.push(4)')
    expect(error.code).toBe('MUTATES_INPUT')
    expect(error.message).toMatch(/points.*--out points/s)
    expect(cardOf(error.cellId)).toBeUndefined()
  })

  test('type errors stop it before anything runs', async () => {
    const error = await notebook.fail('%%task\nconst wrong: number = "text"')
    expect(error.name).toBe('TypeCheckError')
    expect(error.traceback.join('\n')).toMatch(/line 2:\d+ TS2322/)
    expect(cardOf(error.cellId)).toBeUndefined()
  })

  test('a bad option is refused with what was meant', async () => {
    expect((await notebook.fail('%%task --retrys 2\n1')).message).toContain('did you mean --retries?')
    expect((await notebook.fail('%%task --timeout soon\n1')).message).toContain('500ms')
    expect((await notebook.fail('%%task')).message).toContain('no code under it')
  })

  test('an interrupt cancels the run and keeps the variables', async () => {
    const { cellId, outcome } = notebook.start(`%%task\n${untilFile('never')}`)
    await notebook.output.until(() => stateOf(cellId) === 'RUNNING')
    expect(cardOf(cellId)?.text).toContain('%cancel')
    await notebook.port.interrupt()
    expect(await outcome).toMatchObject({ status: 'error', error: { code: 'RUN_CANCELLED' } })
    expect(stateOf(cellId)).toBe('CANCELLED')
    expect(await notebook.value('best')).toBe('42')
  })

  test('retries follow the options', async () => {
    const cell = await notebook.run(
      `%%task again --retries 2 --retry-delay 1ms\nimport fs from 'node:fs'\nfs.appendFileSync(${JSON.stringify(join(notebook.folder, 'attempts'))}, 'x')\nif (fs.readFileSync(${JSON.stringify(join(notebook.folder, 'attempts'))}, 'utf8').length < 3) throw new Error('not yet')\n'done'`,
    )
    expect(cardOf(cell)?.run.attempt).toBe(3)
    expect(notebook.output.result(cell)).toBe("'done'")
  })
})

describe('%%task over definitions', () => {
  test('makes the functions tasks and says so; a call runs in a worker', async () => {
    const cell = await notebook.run('%%task\nfunction load(n: number): number[] { return Array.from({ length: n }, (_, i) => i) }\nconst embed = async (xs: number[]) => ({ pid: process.pid, sum: xs.reduce((a, b) => a + b, 0) })')
    expect(notebook.output.streams(cell)).toContain('2 tasks defined: load, embed')
    await notebook.run('const loaded = await load(4)\nconst embedded = await embed(loaded)')
    expect(await notebook.value('embedded.sum')).toBe('6')
    expect(await notebook.value('embedded.pid !== process.pid')).toBe('true')
  })

  test('--run runs it all the same, --define makes tasks in spite of statements', async () => {
    const ran = await notebook.run('%%task --run\nfunction late() { return 7 }')
    expect(stateOf(ran)).toBe('COMPLETED')
    expect(await notebook.value('late()')).toBe('7')
    const defined = await notebook.run('%%task --define\nconst K = 5\nfunction timesK(x: number) { return x * K }')
    expect(notebook.output.streams(defined)).toContain('1 task defined: timesK')
    expect(await notebook.value('await timesK(2)')).toBe('10')
  })

  test('%task turns an existing function into a task', async () => {
    await notebook.run('function plain(x: number) { return [x, process.pid] }')
    expect(notebook.output.streams(await notebook.run('%task plain --retries 1'))).toContain('1 task defined: plain')
    expect(await notebook.value('(await plain(3))[1] !== process.pid')).toBe('true')
    expect((await notebook.fail('%task plane')).message).toContain('did you mean plain?')
  })

  test('an interrupt of a cell that awaits a task cancels its run', async () => {
    await notebook.run(`%%task\n${untilFile('never').replace('\n', '\nasync function forever() { ')} }`)
    const { cellId, outcome } = notebook.start('await forever()')
    await notebook.output.until(() => stateOf(cellId) === 'RUNNING')
    await notebook.port.interrupt()
    expect(await outcome).toMatchObject({ status: 'error' })
    await notebook.output.until(() => stateOf(cellId) === 'CANCELLED')
  })
})

describe('%%submit', () => {
  test('returns at once; a cell that uses its names waits for them', async () => {
    const submitted = await notebook.run(`%%submit slow\n${untilFile('go1')}\nconst answer = 42`)
    expect(cardOf(submitted)?.run.state.type).not.toBe('COMPLETED')
    expect(await notebook.value('1 + 1')).toBe('2')
    const { cellId, outcome } = notebook.start('answer + 1')
    await notebook.output.until(() => notebook.output.text(cellId).includes('waiting for `answer` · run r'))
    await release('go1')
    expect(await outcome).toMatchObject({ status: 'ok' })
    expect(notebook.output.result(cellId)).toBe('43')
    expect(stateOf(submitted)).toBe('COMPLETED')
  })

  test('an interrupt ends only the wait', async () => {
    const submitted = await notebook.run(`%%submit\n${untilFile('go2')}\nconst later = 1`)
    const { cellId, outcome } = notebook.start('later')
    await notebook.output.until(() => notebook.output.text(cellId).includes('waiting for `later`'))
    await notebook.port.interrupt()
    expect(await outcome).toMatchObject({ status: 'error', error: { code: 'INTERRUPTED' } })
    expect(stateOf(submitted)).not.toBe('CANCELLED')
    await release('go2')
    await notebook.port.settle()
    expect(await notebook.value('later')).toBe('1')
  })

  test('a later cell that sets the name wins, and the card says so', async () => {
    const submitted = await notebook.run(`%%submit\n${untilFile('go3')}\nconst won = "run"`)
    await notebook.run('const won = "cell"')
    await release('go3')
    await notebook.port.settle()
    expect(await notebook.value('won')).toBe("'cell'")
    expect(cardOf(submitted)?.text).toMatch(/won was set again later.*%wait r\d+ --only won --as NAME/)
    const id = cardOf(submitted)?.run.shortId
    await notebook.run(`%wait ${id} --only won --as fromRun`)
    expect(await notebook.value('fromRun')).toBe("'run'")
  })

  test('of two runs for one name the one submitted last wins', async () => {
    await notebook.run(`%%submit\n${untilFile('go4')}\nconst twice = "first"`)
    await notebook.run('%%submit\nconst twice = "second"')
    expect(await notebook.value('twice')).toBe("'second'")
    await release('go4')
    await notebook.port.settle()
    expect(await notebook.value('twice')).toBe("'second'")
  })

  test('a cell that waits for a run that fails gets its error and does not start', async () => {
    await notebook.run(`%%submit doomed\n${untilFile('go5')}\nif (true) throw new RangeError("no luck")\nconst never = 1`)
    const { cellId, outcome } = notebook.start('globalThis.started = true\nnever')
    await notebook.output.until(() => notebook.output.text(cellId).includes('waiting for `never`'))
    await release('go5')
    expect(await outcome).toMatchObject({ status: 'error', error: { name: 'RangeError', message: 'no luck' } })
    expect(await notebook.value('typeof started')).toBe("'undefined'")
    expect((await notebook.fail('never')).message).toMatch(/never is not defined.*r\d+ doomed.*FAILED/)
  })

  test('a name whose run fails keeps its old value, functions included', async () => {
    await notebook.run('let kept = "old"\nfunction helper() { return "old helper" }')
    await notebook.run(`%%submit\n${untilFile('go7')}\nkept = "new"\nfunction helper() { return "new helper" }\nif (kept === "new") throw new Error("late")`)
    expect((await notebook.fail('globalThis["ke" + "pt"]')).message).toMatch(/kept is a result of run r\d+, which has not ended/)
    await release('go7')
    await notebook.port.settle()
    expect(await notebook.value('[kept, helper()]')).toBe("[ 'old', 'old helper' ]")
    const cell = await notebook.run('%%task\nhelper() + kept')
    expect(notebook.output.result(cell)).toBe("'old helperold'")
  })

  test('names come into being between cells, never inside one', async () => {
    await notebook.run(`let seen = 1`)
    const submitted = await notebook.run(`%%submit\n${untilFile('go6')}\nseen = 2`)
    const { outcome } = notebook.start(`const read = () => globalThis["se" + "en"]\nlet reads: unknown[] = []\ntry { reads.push(read()) } catch {}\nrequire`)
    void outcome
    await release('go6')
    await notebook.port.settle()
    expect(stateOf(submitted)).toBe('COMPLETED')
    expect(await notebook.value('seen')).toBe('2')
  })
})

describe('%%flow and %submit', () => {
  test('a flow cell is run again with other values', async () => {
    const first = await notebook.run('%%flow sweep\nconst neighbors = 15\nconst mode = "fast"\nconst sizes = [1, 2]\nconst summary = `${neighbors} ${mode} ${sizes.length}`\nsummary')
    expect(notebook.output.result(first)).toBe("'15 fast 2'")
    expect(cardOf(first)?.run.kind).toBe('flow')
    const again = await notebook.run('%submit sweep neighbors=30 mode=slow sizes=[1,2,3]')
    const id = cardOf(again)?.run.shortId
    const waited = await notebook.run(`%wait ${id} --only summary --as other`)
    expect(notebook.output.result(waited)).toBe("'30 slow 3'")
    expect(await notebook.value('[summary, other]')).toBe("[ '15 fast 2', '30 slow 3' ]")
  })

  test('a wrong parameter name or type is refused before it starts', async () => {
    const name = await notebook.fail('%submit sweep neighbours=3')
    expect(name.message).toMatch(/sweep has no parameter neighbours: did you mean neighbors\?/)
    const type = await notebook.fail('%submit sweep neighbors=many')
    expect(type.message).toMatch(/parameter neighbors of sweep is number, but got "many" \(string\)/)
    const list = await notebook.fail('%submit sweep sizes=[1,"x"]')
    expect(list.message).toMatch(/parameter sizes of sweep is number\[\]/)
    expect((await notebook.fail('%submit sweeep')).message).toContain('did you mean sweep?')
  })

  test('a flow of a module is submitted with its parameters', async () => {
    await writeFile(join(notebook.folder, 'analysis.ts'), `import { flow, task } from 'labflow'\nconst double = task({ name: 'double' }, async (n: number) => 2 * n)\nexport const analyse = flow({ name: 'analyse' }, async ({ n = 1, label = 'x' }: { n?: number; label?: string }) => \`\${label}\${await double(n)}\`)\n`)
    await notebook.run("import { analyse } from './analysis.ts'")
    const cell = await notebook.run('%submit analyse n=21 label=is')
    const waited = await notebook.run(`%wait ${cardOf(cell)?.run.shortId}`)
    expect(notebook.output.result(waited)).toBe("'is42'")
    expect((await notebook.fail('%submit analyse n=many')).message).toMatch(/parameter n of analyse/)
    expect((await notebook.fail('%submit analyse count=1')).message).toMatch(/no parameter count/)
  })

  test('a name over code that is also a flow is refused with both meanings', async () => {
    expect((await notebook.fail('%submit sweep\nconst x = 1')).message).toContain('can mean two things')
  })
})

describe('the cache', () => {
  test('a hit shows its age and the output again; comments do not matter, a changed helper does', async () => {
    await notebook.run('function factor(x: number) { return x * 2 }')
    const body = 'const doubled = factor(21)\nconsole.log("computed")\ndoubled'
    const first = await notebook.run(`%%task cached --cache\n${body}`)
    expect(cardOf(first)?.run.cachedFrom).toBeNull()
    await notebook.run('// the same, said better\nfunction factor(x: number): number {\n  return x * 2 // twice\n}')
    const hit = await notebook.run(`%%task cached --cache\n${body} // a remark`)
    expect(cardOf(hit)?.run.cachedFrom?.shortId).toBe(cardOf(first)?.run.shortId)
    expect(cardOf(hit)?.text).toMatch(/cached · computed .* ago by r\d+/)
    expect(notebook.output.streams(hit)).toBe('computed\n')
    expect(notebook.output.result(hit)).toBe('42')
    await notebook.run('function factor(x: number) { return x * 3 }')
    const miss = await notebook.run(`%%task cached --cache\n${body}`)
    expect(cardOf(miss)?.run.cachedFrom).toBeNull()
    expect(notebook.output.result(miss)).toBe('63')
    const refreshed = await notebook.run(`%%task cached --cache --refresh\n${body}`)
    expect(cardOf(refreshed)?.run.cachedFrom).toBeNull()
    expect(notebook.output.streams(await notebook.run('%cache cached'))).toMatch(/hit: computed/)
  })
})

describe('looking at runs', () => {
  test('%runs lists, %logs shows, %cancel ends', async () => {
    const submitted = await notebook.run(`%%submit watched --tag night\nconsole.log("step one")\n${untilFile('never')}`)
    await notebook.output.until(() => notebook.output.streams(submitted).includes('step one'))
    expect(notebook.output.text(await notebook.run('%runs --tag night'))).toMatch(/watched\s+task\s+running/)
    expect(notebook.output.streams(await notebook.run('%logs watched'))).toMatch(/watched is r\d+[^]*step one/)
    expect(notebook.output.streams(await notebook.run('%cancel watched'))).toMatch(/r\d+ watched: cancell/)
    await notebook.output.until(() => stateOf(submitted) === 'CANCELLED')
    expect((await notebook.fail('%wait watched')).code).toBe('RUN_CANCELLED')
    expect((await notebook.fail('%cancel r99999')).code).toBe('NO_SUCH_RUN')
    expect((await notebook.fail('%wait')).message).toContain('needs a run')
  })
})

describe('a kernel that is restarted', () => {
  test('a submitted cell goes on, and the new kernel fetches its outputs', async () => {
    const submitted = await notebook.run(`%%submit overnight\nimport { existsSync } from 'node:fs'\nconsole.log("begun")\nwhile (!existsSync(${JSON.stringify(join(notebook.folder, 'go9'))})) await new Promise((resolve) => setTimeout(resolve, 5))\nconst model = { loss: 0.5 }\nmodel.loss`)
    await notebook.output.until(() => notebook.output.streams(submitted).includes('begun'))
    await notebook.reopen()
    expect(cardOf(submitted)?.text).toContain('goes on without this kernel')
    expect(await notebook.value('typeof points')).toBe("'undefined'")
    const { cellId, outcome } = notebook.start('%wait overnight')
    await notebook.output.until(() => stateOf(cellId) === 'RUNNING')
    await release('go9')
    expect(await outcome).toMatchObject({ status: 'ok' })
    expect(notebook.output.result(cellId)).toBe('0.5')
    expect(notebook.output.streams(cellId)).toContain('model from r')
    expect(await notebook.value('model')).toBe('{ loss: 0.5 }')
  })
})
