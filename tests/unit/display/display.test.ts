/**
 * Owns what a user expects of display(), its handles, the template tags and tslab's display.
 */
import { expect, test } from 'vitest'
import { createDisplay, html, md, setCurrentDisplay, svg, tex } from '../../../src/display/index.ts'
import * as tslab from '../../../src/display/tslab.ts'

function record() {
  const shown: { data: Record<string, unknown>; metadata: Record<string, unknown>; displayId: string | null; isUpdate: boolean }[] = []
  const cleared: boolean[] = []
  const api = createDisplay({
    display: (data, metadata, displayId, isUpdate) => void shown.push({ data, metadata, displayId, isUpdate }),
    clear: (wait) => void cleared.push(wait),
  })
  return { api, shown, cleared }
}

test('a handle replaces what it showed, also in the short forms', () => {
  const { api, shown } = record()
  const handle = api.display(1, { id: 'a' })
  handle.update(2)
  api.display.html('<b>1</b>').update('<b>2</b>')
  expect(shown.map(({ data, isUpdate }) => [data['text/html'] ?? data['text/plain'], isUpdate])).toEqual([['1', false], ['2', true], ['<b>1</b>', false], ['<b>2</b>', true]])
  expect(shown[0]?.displayId).toBe('a')
  expect(shown[2]?.displayId).toBe(shown[3]?.displayId)
})

test('sizes of pictures go out as metadata, undefined shows nothing, clearOutput waits when told', () => {
  const { api, shown, cleared } = record()
  api.display.png(Buffer.from('x'), { width: 100 })
  api.display(undefined)
  api.clearOutput()
  api.clearOutput({ wait: true })
  expect(shown.map(({ metadata }) => metadata)).toEqual([{ 'image/png': { width: 100 } }])
  expect(cleared).toEqual([false, true])
})

test('what takes time replaces the first form once it is there', async () => {
  const { api, shown } = record()
  api.display({ [Symbol.for('Jupyter.display')]: async () => ({ 'text/html': 'done' }) })
  await api.settled()
  expect(shown.map(({ isUpdate }) => isUpdate)).toEqual([false, true])
  expect(shown[1]?.data).toEqual({ 'text/html': 'done' })
})

test('tags escape data in html and svg, keep LaTeX in md and tex', () => {
  expect(html`<b>${'<i>'}${[html`<u>${1}</u>`, ' & ']}</b>${undefined}`.text).toBe('<b>&lt;i&gt;<u>1</u> &amp; </b>')
  expect(svg`<text>${'<'}</text>`.mime).toBe('image/svg+xml')
  expect(md`$\frac{1}{${2}}$ and \`code\``.text).toBe('$\\frac{1}{2}$ and `code`')
  expect(tex`\nabla f`.text).toBe('$$\\nabla f$$')
  expect(tex`$x$`.text).toBe('$x$')
})

test("tslab's display shows, and newDisplay replaces in place", () => {
  const { api, shown } = record()
  setCurrentDisplay(api)
  tslab.display.markdown('# hi')
  const updatable = tslab.newDisplay()
  updatable.text('one')
  updatable.text('two')
  tslab.display.png(new Uint8Array([1]))
  expect(shown.map(({ data, isUpdate }) => [Object.keys(data)[0], isUpdate])).toEqual([['text/markdown', false], ['text/plain', false], ['text/plain', true], ['image/png', false]])
})
