/** Owns the proof that the check of the import arrows sees what it should. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { checkArrows } from '../../tools/check-arrows.mjs'

let folder: string | null = null
afterEach(() => {
  if (folder !== null) rmSync(folder, { recursive: true, force: true })
  folder = null
})

function plant(files: Record<string, string>): string {
  const made = mkdtempSync(join(tmpdir(), 'labflow-arrows-'))
  folder = made
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(made, path, '..'), { recursive: true })
    writeFileSync(join(made, path), text)
  }
  return made
}

test('the tree as it is has no forbidden import', async () => {
  const { violations, modulesRead } = await checkArrows(join(import.meta.dirname, '..', '..'))
  expect(violations).toEqual([])
  expect(modulesRead).toBeGreaterThan(10)
})

test('a model that imports the store, even a type only, is named', async () => {
  const root = plant({
    'src/model/b.ts': "import type { X } from '../store/a.ts'\nexport const y: X = 1\n",
    'src/store/a.ts': 'export type X = number\n',
  })
  const { violations } = await checkArrows(root)
  expect(violations).toEqual(['model-knows-nothing: src/model/b.ts → src/store/a.ts'])
})

test('a second door to a child process is named', async () => {
  const root = plant({ 'src/store/a.ts': "import { spawn } from 'node:child_process'\nconsole.log(spawn)\n" })
  const { violations } = await checkArrows(root)
  expect(violations).toEqual(['few-doors-for-child-processes: src/store/a.ts → child_process'])
})
