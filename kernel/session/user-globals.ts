/**
 * Owns the names that every cell finds: display and its companions, prompt, confirm, require, __filename, __dirname.
 * They are not enumerable, so they are no variables of the notebook; a cell's own declaration wins.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { createDisplay, setCurrentDisplay, type DisplayApi } from '../../src/display/index.ts'
import { currentCellId } from './cell-context.ts'
import type { InputRequests } from './input.ts'
import type { Outlet } from './outlet.ts'

/** Defines the globals; returns the display, whose pictures a cell's end waits for. */
export function defineUserGlobals(outlet: Outlet, input: InputRequests, folder: string): DisplayApi {
  const api = createDisplay({
    display: (data, metadata, displayId, isUpdate) => outlet.send({ type: 'display', cellId: currentCellId(), data, metadata, displayId, isUpdate }),
    clear: (wait) => outlet.send({ type: 'clear', cellId: currentCellId(), wait }),
  })
  setCurrentDisplay(api)
  const { display, clearOutput, html, md, svg, tex } = api
  const filename = join(folder, 'notebook.ts')
  const globals = {
    display, clearOutput, html, md, svg, tex,
    prompt: (message?: string, fallback?: string) => input.prompt(message, fallback),
    confirm: (message?: string) => input.confirm(message),
    require: createRequire(filename),
    __filename: filename,
    __dirname: folder,
  }
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
  }
  return api
}

/** Tells the kernel before the process ends on `process.exit()`, with the line that called it. */
export function announceExit(outlet: Outlet, placeOf: (stack: string) => string | null): void {
  const exit = process.exit.bind(process)
  process.exit = ((code?: number | string | null): never => {
    const exitCode = Number(code ?? process.exitCode ?? 0)
    outlet.send({ type: 'exit', code: exitCode, cellId: currentCellId(), where: placeOf(new Error().stack ?? '') })
    return exit(code)
  }) as typeof process.exit
}
