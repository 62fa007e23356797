/** Installing and removing the kernelspec in a temp data folder. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { installKernel, installedSpec, jupyterDataFolder, uninstallKernel } from '../../../kernel/install.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lf-install-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('the kernelspec starts an absolute Node with an absolute entry and takes interrupts as messages', () => {
  const { kernelFolder, isReplaced } = installKernel({ dataDir: folder })
  const spec = JSON.parse(readFileSync(join(kernelFolder, 'kernel.json'), 'utf8'))
  expect(spec).toMatchObject({ display_name: 'TypeScript (Labflow)', language: 'typescript', interrupt_mode: 'message', env: {} })
  expect(spec.argv.slice(0, 2).every((path: string) => isAbsolute(path) && existsSync(path))).toBe(true)
  expect(spec.argv[2]).toBe('{connection_file}')
  expect(readdirSync(kernelFolder).sort()).toEqual(['kernel.json', 'logo-32x32.png', 'logo-64x64.png', 'logo-svg.svg'])
  expect(isReplaced).toBe(false)
})

test('installing twice replaces, and leaves no half-made folder behind', () => {
  installKernel({ dataDir: folder })
  expect(installKernel({ dataDir: folder, displayName: 'TS' }).isReplaced).toBe(true)
  expect(readdirSync(join(folder, 'kernels'))).toEqual(['labflow'])
  expect(installedSpec(folder)).toMatchObject({ argv: [process.execPath, expect.any(String), '{connection_file}'], missing: [] })
})

test('uninstall removes what install wrote and says so; nothing there is no error', () => {
  const { kernelFolder, extensionFolder } = installKernel({ dataDir: folder })
  expect(uninstallKernel({ dataDir: folder })).toEqual([kernelFolder, ...(extensionFolder === null ? [] : [extensionFolder])])
  expect(existsSync(kernelFolder)).toBe(false)
  expect(uninstallKernel({ dataDir: folder })).toEqual([])
  expect(installedSpec(folder)).toBe(null)
})

test('the data folder follows prefix, JUPYTER_DATA_DIR and XDG_DATA_HOME', () => {
  expect(jupyterDataFolder({ prefix: '/opt/venv' }, {})).toBe('/opt/venv/share/jupyter')
  expect(jupyterDataFolder({ user: true }, { JUPYTER_DATA_DIR: '/data/j' })).toBe('/data/j')
  if (process.platform === 'linux') expect(jupyterDataFolder({}, { HOME: '/h', XDG_DATA_HOME: '/x' })).toBe('/x/jupyter')
  expect(() => jupyterDataFolder({ user: true, prefix: '/opt' }, {})).toThrow(/exclude each other/)
})

test('a folder that cannot be written ends in one sentence with the way out', () => {
  writeFileSync(join(folder, 'kernels'), 'a file in the way')
  expect(() => installKernel({ dataDir: folder })).toThrow(/Cannot write .*kernels.*--user/)
})

test('a Node or entry that is not there is named', () => {
  expect(() => installKernel({ dataDir: folder, nodePath: '/nowhere/node' })).toThrow(/No Node at \/nowhere\/node/)
  expect(() => installKernel({ dataDir: folder, mainPath: '/nowhere/main.ts' })).toThrow(/\/nowhere\/main\.ts is missing/)
})
