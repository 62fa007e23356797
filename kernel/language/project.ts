/**
 * Owns the compiler settings of a notebook: what is strict, which library and types cells see, where `labflow` resolves.
 * Refuses settings that punish notebook idioms; everything here is given to the engine as text, nothing is written to the notebook's folder.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { treeRoot } from '../../src/entry.ts'
import { type ModuleConfig, moduleConfig } from '../../src/modules/tsconfig.ts'

/** Names of our unsaved documents start with this; they are hidden from completions and messages. */
export const DOCUMENT_PREFIX = '__labflow_'
/** The cell that is being typed or about to run. */
export const CELL_DOCUMENT = `${DOCUMENT_PREFIX}cell.ts`
/** Imports every earlier cell: an open document outside the project would be checked under no settings at all. */
export const ROOTS_DOCUMENT = `${DOCUMENT_PREFIX}roots.ts`

/** The text of the tsconfig.json under which the cells of a notebook in `folder` are checked. */
export function projectConfig(folder: string): string {
  const project = moduleConfig(folder)
  return JSON.stringify({
    compilerOptions: {
      target: 'esnext',
      lib: ['esnext'],
      module: 'preserve',
      moduleResolution: 'bundler',
      moduleDetection: 'force',
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      esModuleInterop: true,
      allowJs: true,
      noEmit: true,
      skipLibCheck: true,
      strict: true,
      // Without it `const list = []` is never[] and no list can grow; what it complains of is silenced in severity.ts.
      noImplicitAny: true,
      noImplicitThis: false,
      strictPropertyInitialization: false,
      useUnknownInCatchVariables: false,
      allowUnreachableCode: true,
      allowUnusedLabels: true,
      types: ['node'],
      typeRoots: typeRoots(folder),
      paths: modulePaths(project),
      ...(project.jsxImportSource ? { jsx: 'react-jsx', jsxImportSource: project.jsxImportSource } : {}),
    },
    files: [`./${CELL_DOCUMENT}`, `./${ROOTS_DOCUMENT}`],
  })
}

/** The notebook's own @types come first, so that its packages and its cells agree on one @types/node. */
function typeRoots(folder: string): string[] {
  const roots: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', '@types')
    if (existsSync(candidate)) roots.push(candidate)
    if (dirname(at) === at) break
  }
  const own = ownNodeTypes()
  if (own && !roots.includes(own)) roots.push(own)
  return roots
}

function ownNodeTypes(): string | null {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve('@types/node/package.json')))
  } catch {
    return null
  }
}

/** `labflow` and `tslab` resolve in every cell, however Labflow was installed; the project's own `paths` hold as they do when a cell runs. */
function modulePaths(project: ModuleConfig): Record<string, string[]> {
  const paths: Record<string, string[]> = Object.fromEntries(project.paths)
  for (const [name, module] of Object.entries({ labflow: 'src/index', tslab: 'src/display/tslab' })) {
    const found = [`${module}.ts`, `${module}.d.ts`].map((file) => join(treeRoot, file)).find((file) => existsSync(file))
    if (found) paths[name] = [found]
  }
  return paths
}
