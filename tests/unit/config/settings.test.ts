import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadSettings } from '../../../src/config/settings.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'labflow-settings-'))
  writeFileSync(join(folder, 'package.json'), '{}')
})
afterEach(() => rmSync(folder, { recursive: true }))

const sourceOf = (settings: ReturnType<typeof loadSettings>, key: string) => settings.list().find((setting) => setting.key === key)?.source

describe('settings', () => {
  test('without files the defaults hold, and no run option counts as set', () => {
    const settings = loadSettings({ folder, env: {} })
    expect(settings.get('run.retries')).toBe(0)
    expect(sourceOf(settings, 'run.retries')).toBe('defaults')
    expect(settings.runOptions()).toEqual({})
  })

  test('environment wins over project, project over user, and each value names its source', () => {
    const home = join(folder, 'home')
    mkdirSync(join(home, '.config', 'labflow'), { recursive: true })
    const user = join(home, '.config', 'labflow', 'labflow.yaml')
    const project = join(folder, 'labflow.yaml')
    writeFileSync(user, 'run:\n  retries: 1\n  timeout: 1m\n  cache: 2h\n')
    writeFileSync(project, 'run:\n  retries: 2\n  timeout: 2m\n')
    const nested = join(folder, 'a', 'b')
    mkdirSync(nested, { recursive: true })
    const settings = loadSettings({ folder: nested, env: { HOME: home, LABFLOW_RUN_RETRIES: '3' } })
    expect(settings.runOptions()).toEqual({ retries: 3, timeoutMs: 120_000, cache: { expiresAfterMs: 7_200_000 } })
    expect(sourceOf(settings, 'run.retries')).toBe('environment LABFLOW_RUN_RETRIES')
    expect(sourceOf(settings, 'run.timeout')).toBe(project)
    expect(sourceOf(settings, 'run.cache')).toBe(user)
  })

  test.each([
    ['run:\n  retrys: 2\n', /no setting run\.retrys: did you mean run\.retries\?/],
    ['run:\n  timeout: ten\n', /run\.timeout.*"ten"/],
    ['notebook:\n  pending: maybe\n', /notebook\.pending is "maybe", but takes wait, error/],
    ['card:\n  updatesPerSecond: 0\n', /above 0/],
    ['run: [\n', /no valid YAML/],
  ])('a wrong labflow.yaml is refused with its path: %j', (text, message) => {
    const path = join(folder, 'labflow.yaml')
    writeFileSync(path, text)
    const load = () => loadSettings({ folder, env: {} })
    expect(load).toThrow(message)
    expect(load).toThrow(path)
  })

  test('an empty file changes nothing', () => {
    writeFileSync(join(folder, 'labflow.yaml'), '# nothing\n')
    expect(loadSettings({ folder, env: {} }).get('run.retries')).toBe(0)
  })
})
