/**
 * Owns how `import` and `require` find and load modules in a session or worker: local TypeScript, tsconfig paths, `labflow`, `tslab`, packages.
 * An edited local module and everything above it load anew at the next import. Refuses to touch Labflow's own modules.
 */
import { createRequire, registerHooks } from 'node:module'
import type { ImportAttributes, LoadFnOutput, LoadHookContext, ResolveFnOutput, ResolveHookContext } from 'node:module'
import { dirname, extname, join, resolve as resolvePath } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { entryPath } from '../entry.ts'
import { missingFile, missingPackage, namingFile } from './import-errors.ts'
import { findLocalFile, isLocalSpecifier, isOwnModule, isUserModule } from './local-files.ts'
import { modulePath, moduleUrl, moduleVersion } from './module-location.ts'
import { isTypeScript, jsonSource, typescriptSource } from './module-source.ts'
import { ModuleVersions } from './module-versions.ts'
import { mappedPaths, moduleConfig } from './tsconfig.ts'
import { silenceExpectedWarnings } from './warnings.ts'

export interface ModuleHookOptions {
  /** Folder that cells import from: the notebook's. Absolute. */
  folder: string
}

/** Installed hooks of this process. */
export interface ModuleHooks {
  /** Changes the folder that imports without a file of their own resolve from. */
  setFolder(folder: string): void
  /** URL under which an import would load a local file now. */
  urlOf(path: string): string
  /** Before a cell: drops required CommonJS modules whose text changed, since a cached `require` asks no hook. */
  refresh(): void
  /** After an import failed: the modules named in the error's stack load anew at the next import, though their text is the same. */
  forgetFailed(error: unknown): void
  /** Paths of the local modules loaded so far. */
  loadedModules(): string[]
  dispose(): void
}

type NextResolve = (specifier: string, context?: Partial<ResolveHookContext>) => ResolveFnOutput
type NextLoad = (url: string, context?: Partial<LoadHookContext>) => LoadFnOutput

const OWN_PACKAGES: Record<string, string> = { labflow: 'src/index', tslab: 'src/display/tslab' }
const require = createRequire(import.meta.url)

/** Installs the hooks for this process (once is enough; `dispose` takes them out again). */
export function installModuleHooks(options: ModuleHookOptions): ModuleHooks {
  silenceExpectedWarnings()
  const loader = new UserModules(options.folder)
  const hooks = registerHooks({
    resolve: (specifier, context, next) => loader.resolve(specifier, context, next as NextResolve),
    load: (url, context, next) => loader.load(url, context, next as NextLoad),
  })
  return {
    setFolder: (folder) => {
      loader.folder = folder
    },
    urlOf: (path) => loader.urlOf(path),
    refresh: () => loader.refresh(),
    forgetFailed: (error) => loader.forgetFailed(error),
    loadedModules: () => [...loader.loaded],
    dispose: () => hooks.deregister(),
  }
}

class UserModules {
  folder: string
  readonly loaded = new Set<string>()
  readonly #versions = new ModuleVersions((path) => {
    // `require` keeps modules by path, whatever the version in the URL.
    delete require.cache[path]
  })
  #isFallingBack = false

  constructor(folder: string) {
    this.folder = folder
  }

  resolve(specifier: string, context: ResolveHookContext, next: NextResolve): ResolveFnOutput {
    if (this.#isFallingBack || specifier.startsWith('node:') || specifier.startsWith('data:')) return next(specifier, context)
    const own = OWN_PACKAGES[specifier]
    if (own !== undefined) return { url: pathToFileURL(entryPath(own)).href, shortCircuit: true }
    const parentPath = context.parentURL === undefined ? null : modulePath(context.parentURL)
    if (parentPath !== null && !isUserModule(parentPath)) return this.#resolveForOthers(specifier, parentPath, context, next)
    try {
      return this.#resolveForUser(specifier, parentPath, context, next)
    } catch (error) {
      if (parentPath !== null) this.#versions.markBroken(parentPath)
      throw error
    }
  }

  load(url: string, context: LoadHookContext, next: NextLoad): LoadFnOutput {
    const path = modulePath(url)
    if (path === null || !isUserModule(path)) return next(url, context)
    this.loaded.add(path)
    try {
      if (isTypeScript(path)) return { ...typescriptSource(path, url), shortCircuit: true }
      if (isJsonAsModule(path, context)) return { ...jsonSource(path), shortCircuit: true }
    } catch (error) {
      this.#versions.markBroken(path)
      throw namingFile(path, this.folder, error)
    }
    return next(url, context)
  }

  urlOf(path: string): string {
    return moduleUrl(path, this.#versions.current(path, true))
  }

  refresh(): void {
    for (const path of this.loaded) if (require.cache[path] !== undefined) this.#versions.current(path, true)
  }

  forgetFailed(error: unknown): void {
    const stack = error instanceof Error ? String(error.stack) : ''
    for (const [url] of stack.matchAll(/file:\/\/[^\s):]+(?:\?v=\d+)?/g)) {
      const path = modulePath(url)
      if (path !== null) this.#versions.markBroken(path)
    }
  }

  /** Labflow itself loads a user's file by its URL (a module entry); everything else of packages and Labflow is Node's own affair. */
  #resolveForOthers(specifier: string, parentPath: string, context: ResolveHookContext, next: NextResolve): ResolveFnOutput {
    const path = isOwnModule(parentPath) && specifier.startsWith('file:') ? modulePath(specifier) : null
    return path !== null && isUserModule(path) ? this.#local(path, null, context) : next(specifier, context)
  }

  #resolveForUser(specifier: string, parentPath: string | null, context: ResolveHookContext, next: NextResolve): ResolveFnOutput {
    const base = parentPath === null ? this.folder : dirname(parentPath)
    if (isLocalSpecifier(specifier)) {
      const wanted = specifier.startsWith('file:') ? fileURLToPath(specifier.replace(/[?#].*$/, '')) : resolvePath(base, specifier)
      const path = findLocalFile(wanted)
      if (path === null) throw missingFile(specifier, wanted, context.parentURL, this.folder)
      return this.#local(path, parentPath, context)
    }
    for (const candidate of mappedPaths(moduleConfig(base), specifier)) {
      const path = findLocalFile(candidate)
      if (path !== null) return this.#local(path, parentPath, context)
    }
    const resolved = this.#resolvePackage(specifier, base, context, next)
    const path = modulePath(resolved.url)
    return path !== null && isUserModule(path) ? this.#local(path, parentPath, context) : resolved
  }

  #local(path: string, parentPath: string | null, context: ResolveHookContext): ResolveFnOutput {
    if (isOwnModule(path)) return { url: pathToFileURL(path).href, shortCircuit: true }
    const parentVersion = moduleVersion(context.parentURL ?? '')
    const isLinked = parentPath !== null && this.loaded.has(parentPath)
    const version = this.#versions.current(path, !isLinked)
    if (isLinked) this.#versions.link(parentPath, parentVersion, path, version)
    const url = moduleUrl(path, version)
    if (!isJsonAsModule(path, context)) return { url, importAttributes: context.importAttributes, shortCircuit: true }
    // Node keeps one module a URL: with and without the json attribute must differ.
    return { url: `${url}${version > 1 ? '&' : '?'}as=module`, shortCircuit: true }
  }

  /** From the importing file, then from the notebook's folder, then with Labflow itself. */
  #resolvePackage(specifier: string, base: string, context: ResolveHookContext, next: NextResolve): ResolveFnOutput {
    const isRequire = context.conditions.includes('require')
    // Node writes the parent of a nested call into the same context object.
    const parent = context.parentURL
    let failure: unknown
    try {
      const parentURL = parent?.startsWith('file:') ? parent : pathToFileURL(join(base, 'cell.ts')).href
      return next(specifier, { ...context, parentURL })
    } catch (error) {
      if (!isNotFound(error)) throw error
      failure = error
    }
    for (const parentURL of [pathToFileURL(join(this.folder, 'cell.ts')).href, import.meta.url]) {
      try {
        return isRequire ? this.#requireFrom(specifier, parentURL) : next(specifier, { ...context, parentURL })
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
    throw missingPackage(specifier, parent, this.folder, failure)
  }

  /** For `require`, Node takes the parent from the caller and not from the context. */
  #requireFrom(specifier: string, parentURL: string): ResolveFnOutput {
    this.#isFallingBack = true
    try {
      return { url: pathToFileURL(createRequire(parentURL).resolve(specifier)).href, shortCircuit: true }
    } finally {
      this.#isFallingBack = false
    }
  }
}

function isJsonAsModule(path: string, context: { conditions: string[]; importAttributes?: ImportAttributes }): boolean {
  return extname(path) === '.json' && !context.conditions.includes('require') && context.importAttributes?.['type'] !== 'json'
}

function isNotFound(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
}
