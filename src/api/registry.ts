/**
 * Owns the tasks and flows that the files of this process define, by file and name, so that a worker finds the function of a submitted run.
 */
import { modulePath } from '../modules/module-location.ts'
import type { RunKind } from '../model/run.ts'

type Body = (...args: never[]) => unknown

/** By file, then kind and name. A file loaded anew replaces what it defined before. */
const bodies = new Map<string, Map<string, Body>>()
const waiting = new Set<() => void>()

/** Notes a task or flow made at the top level of a file (path or URL). */
export function registerBody(file: string, name: string, kind: RunKind, body: Body): void {
  const path = modulePath(file) ?? file
  const known = bodies.get(path) ?? new Map<string, Body>()
  known.set(`${kind} ${name}`, body)
  bodies.set(path, known)
}

/** The function of a task or flow of a file; null when there is none. */
export function registeredBody(path: string, name: string, kind: RunKind): ((...args: unknown[]) => unknown) | null {
  return (bodies.get(path)?.get(`${kind} ${name}`) as ((...args: unknown[]) => unknown) | undefined) ?? null
}

/** Resolves when a file that is being loaded calls a task or flow at its top level. */
export function whenCalledWhileLoading(): Promise<void> {
  return new Promise((resolve) => waiting.add(resolve))
}

/** Told by a call that must not run (`mayCall` was false). */
export function reportCallWhileLoading(): void {
  for (const resolve of waiting) resolve()
  waiting.clear()
}
