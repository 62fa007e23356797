/**
 * Owns the words for an import that cannot be served: which module, asked for where, and what to do.
 */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { LabflowError, isLabflowError } from '../model/errors.ts'
import { importLine, modulePath } from './module-location.ts'

/** A local file that is not there. Carries Node's code ERR_MODULE_NOT_FOUND. */
export function missingFile(specifier: string, wanted: string, parentUrl: string | undefined, folder: string): Error {
  const near = nearFile(wanted)
  const hint = near === null ? '' : `; there is ${JSON.stringify(near)}`
  const place = existsSync(dirname(wanted)) ? `no such file in ${dirname(wanted)}` : `there is no folder ${dirname(wanted)}`
  return coded(`Cannot find module '${specifier}'${importedFrom(specifier, parentUrl, folder)}: ${place}${hint}.`)
}

/** A package that is installed neither for the notebook nor with Labflow. Carries Node's code ERR_MODULE_NOT_FOUND. */
export function missingPackage(specifier: string, parentUrl: string | undefined, folder: string, cause: unknown): Error {
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  const text = `Cannot find package '${name}'${importedFrom(specifier, parentUrl, folder)}. Install it in the notebook's folder: %npm install ${name}`
  return coded(text, cause)
}

/** The same error with the file's name before its message, for a module whose text cannot be read. */
export function namingFile(path: string, folder: string, error: unknown): unknown {
  if (!isLabflowError(error)) return error
  return new LabflowError(error.code, `${shownPath(path, folder)}: ${error.message}`, { cause: error, detail: { ...error.detail, path } })
}

/** `./a.ts` inside the folder, else the whole path. */
function shownPath(path: string, folder: string): string {
  const shown = relative(folder, path)
  return shown.startsWith('..') ? path : `./${shown}`
}

function importedFrom(specifier: string, parentUrl: string | undefined, folder: string): string {
  const parent = parentUrl === undefined ? null : modulePath(parentUrl)
  if (parent === null || !existsSync(parent)) return ''
  const line = importLine(parent, specifier)
  return `, imported by ${shownPath(parent, folder)}${line === null ? '' : ` line ${line}`}`
}

function coded(message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause }) as NodeJS.ErrnoException
  error.code = 'ERR_MODULE_NOT_FOUND'
  return error
}

/** A file of the same folder whose name differs in case or ending only. */
function nearFile(wanted: string): string | null {
  const stem = (name: string): string => name.replace(/\.[^.]*$/, '').toLowerCase()
  try {
    const found = readdirSync(dirname(wanted)).find((name) => stem(name) === stem(basename(wanted)))
    return found === undefined ? null : join('.', found)
  } catch {
    return null
  }
}
