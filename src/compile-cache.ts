/**
 * Owns the cache of compiled (and type-stripped) modules in the user's own cache folder: it halves the start of a process.
 * Never a failure: where the folder cannot be made, everything is compiled anew.
 */
import module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { makeFolder } from './wire/private-folder.ts'

/** Sessions, workers and executors mostly end by a signal, and then Node does not write what it compiled. */
const WRITE_AFTER_MS = 2_000

/** Turns the cache on for this process; call before importing the rest. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE win. */
export function useCompileCache(): void {
  // Not the shared temp folder, Node's default: what lies there, another user may have put there.
  const folder = process.env['NODE_COMPILE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'labflow', 'compiled')
  try {
    makeFolder(folder)
  } catch {
    return
  }
  module.enableCompileCache(folder)
  setTimeout(() => module.flushCompileCache(), WRITE_AFTER_MS).unref()
}
