import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OutputTally } from '../../../src/client/output-tally.ts'
import { findStoreFolder } from '../../../src/client/store-folder.ts'
import type { RunOutput } from '../../../src/model/run.ts'

const text = (words: string, name: 'stdout' | 'stderr' = 'stdout'): RunOutput => ({ type: 'stream', name, text: words })
const picture: RunOutput = { type: 'display', data: { 'text/plain': 'p' }, metadata: {}, displayId: null, isUpdate: false }

test('after a gap only the output not seen yet is told again', () => {
  const tally = new OutputTally()
  const all = [text('abcdef'), picture, text('x', 'stderr')]
  expect(tally.missing(all)).toEqual(all)
  tally.add(text('ab'))
  tally.add(text('c'))
  expect(tally.missing(all)).toEqual([text('def'), picture, text('x', 'stderr')])
  tally.add(text('def'))
  expect(tally.missing(all)).toEqual([picture, text('x', 'stderr')])
  tally.add(picture)
  tally.add(text('x', 'stderr'))
  expect(tally.missing(all)).toEqual([])
})

test('the store lies beside the nearest package.json or .git, or where LABFLOW_HOME says', () => {
  const root = mkdtempSync(join(tmpdir(), 'labflow-folder-'))
  const deep = join(root, 'project', 'notebooks', 'week1')
  mkdirSync(deep, { recursive: true })
  writeFileSync(join(root, 'project', 'package.json'), '{}')
  expect(findStoreFolder(deep, {})).toBe(join(root, 'project', '.labflow'))
  mkdirSync(join(root, 'project', 'notebooks', '.git'))
  expect(findStoreFolder(deep, {})).toBe(join(root, 'project', 'notebooks', '.labflow'))
  expect(findStoreFolder(deep, { LABFLOW_HOME: '/stores/a' })).toBe('/stores/a')
  rmSync(root, { recursive: true })
})
