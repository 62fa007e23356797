/**
 * Owns the list of names that need no capture: JavaScript's and Node's globals, and what Labflow gives every cell and task.
 */

const LANGUAGE_NAMES = ['arguments', 'undefined', 'NaN', 'Infinity', 'globalThis', 'eval', 'require', 'module', 'exports', '__filename', '__dirname']

/** Names that Labflow defines in every cell and in every worker. */
const CELL_GLOBALS: ReadonlySet<string> = new Set([
  'display', 'clearOutput', 'html', 'md', 'svg', 'tex', 'prompt', 'confirm', 'console', 'tslab',
])

// Taken once at load, before any notebook code can add names of its own.
const NODE_GLOBALS: ReadonlySet<string> = new Set([...Object.getOwnPropertyNames(globalThis), ...LANGUAGE_NAMES])

const originals = new Map<string, unknown>()
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, name)
  if (descriptor && 'value' in descriptor) originals.set(name, descriptor.value)
}

/** What Node itself had put under a global name, before any notebook code; undefined for other names. */
export function originalGlobal(name: string): unknown {
  return originals.get(name)
}

/** Whether a name means the same in every process of Labflow, so that captured code may use it as it stands. */
export function isKnownGlobal(name: string): boolean {
  return NODE_GLOBALS.has(name) || CELL_GLOBALS.has(name)
}
