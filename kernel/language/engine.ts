/**
 * Owns the TypeScript engine: one native process that speaks LSP, and its API session that prints types. All use of typescript is behind this file.
 * Refuses to wait for a lost process: what was asked fails with {@link EngineLost} at once, and the next question starts a fresh one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { API, Project } from 'typescript/unstable/async'
import { LabflowError } from '../../src/model/errors.ts'
import { RpcConnection } from './rpc.ts'

/** The engine died, hung or could not start; the caller answers empty and may ask again. */
class EngineLost extends Error {
  override readonly name = 'EngineLost'
}

/** Options of {@link TypeEngine}. */
export interface EngineOptions {
  /** The notebook's folder, absolute: documents live in it, unsaved. */
  folder: string
  /** Text of the tsconfig.json that holds for the folder, asked at each start. */
  config(): string
  /** Called when a process is lost, before any question fails; what the next one should know may be set anew. */
  onLost(): void
}

/** A place in a document; both count from 0, characters are UTF-16 units. */
export interface EnginePosition {
  line: number
  character: number
}

const REQUEST_LIMIT_MS = 20_000
/** After so many starts without one answer the engine rests, so that a broken installation costs nothing. */
const MOST_FAILED_STARTS = 3
const REST_MS = 30_000
/** Flags of the type printer: no truncation, and names qualified as the module sees them. */
const PRINT_FLAGS = 1 | 64

/** Path of the engine's executable. @throws LabflowError MISSING_TOOL when this platform has none. */
function enginePath(): string {
  const platformPackage = `@typescript/typescript-${process.platform}-${process.arch}`
  try {
    // The platform package is a dependency of typescript, so it is looked up from there.
    const fromTypescript = createRequire(createRequire(import.meta.url).resolve('typescript/package.json'))
    const folder = join(dirname(fromTypescript.resolve(`${platformPackage}/package.json`)), 'lib')
    const path = join(folder, process.platform === 'win32' ? 'tsc.exe' : 'tsc')
    if (existsSync(path)) return path
  } catch {
    // Told below with what to do.
  }
  throw new LabflowError('MISSING_TOOL', `TypeScript's native engine (${platformPackage}) is not installed, so completion and type checks are off. Run npm install typescript again with optional dependencies.`)
}

/** One running process and what belongs to it. */
interface Running {
  child: ChildProcess
  rpc: RpcConnection
  versions: Map<string, number>
  api: { api: API; pipe: string } | null
}

/** The engine of one notebook. Documents survive a restart of the process unless {@link EngineOptions.onLost} removes them. */
export class TypeEngine {
  private readonly options: EngineOptions
  private readonly documents = new Map<string, string>()
  private running: Promise<Running> | null = null
  private live: Running | null = null
  private failedStarts = 0
  private restUntilMs = 0
  private isClosed = false

  constructor(options: EngineOptions) {
    this.options = options
  }

  /** Process id of the running engine; null before the first use and after a crash. */
  get processId(): number | null {
    return this.live?.child.pid ?? null
  }

  /** Sets the text of an unsaved document. */
  setDocument(name: string, text: string): void {
    if (this.documents.get(name) === text) return
    this.documents.set(name, text)
    if (this.live) this.sync(this.live, name, text)
  }

  /** Forgets a document. */
  removeDocument(name: string): void {
    if (!this.documents.delete(name) || !this.live) return
    if (this.live.versions.delete(name)) this.live.rpc.notify('textDocument/didClose', { textDocument: { uri: this.uriOf(name) } })
  }

  /** Starts the process if it is not there. @throws EngineLost, LabflowError MISSING_TOOL */
  async ready(): Promise<void> {
    await this.start()
  }

  /** An LSP request about a document. @throws EngineLost when the process ended since {@link ready}; Error with the engine's own words. */
  async ask(method: string, name: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const running = this.runningNow()
    const answer = await running.rpc.request(method, { textDocument: { uri: this.uriOf(name) }, ...params }, REQUEST_LIMIT_MS)
    this.failedStarts = 0
    return answer
  }

  /** Tells the engine that files on disk are new, changed or gone; nothing to do when it does not run. */
  filesChanged(changes: readonly { path: string; kind: 'created' | 'changed' | 'deleted' }[]): void {
    const types = { created: 1, changed: 2, deleted: 3 }
    if (changes.length === 0) return
    this.live?.rpc.notify('workspace/didChangeWatchedFiles', {
      changes: changes.map(({ path, kind }) => ({ uri: pathToFileURL(path).href, type: types[kind] })),
    })
  }

  /** The type of each name declared at a document's top level, printed whole. @throws EngineLost */
  async printTypes(name: string): Promise<Map<string, string>> {
    const running = this.runningNow()
    try {
      const { api } = (running.api ??= await this.openApi(running))
      const snapshot = await api.updateSnapshot()
      try {
        const path = join(this.options.folder, name)
        const project = await snapshot.getDefaultProjectForFile(path)
        return project ? await printDeclarations(project, path) : new Map()
      } finally {
        await snapshot.dispose()
      }
    } catch (error) {
      throw running === this.live ? error : new EngineLost(`the type engine ended: ${String(error)}`)
    }
  }

  /** Ends the process; the next use starts a fresh one with the same documents. */
  restart(): void {
    if (this.live) this.drop(this.live, new EngineLost('the type engine was restarted'))
  }

  /** Ends the process for good. */
  async close(): Promise<void> {
    this.isClosed = true
    const running = await this.running?.catch(() => null)
    if (!running) return
    const gone = new Promise<void>((resolve) => {
      if (running.child.exitCode !== null || running.child.signalCode !== null) resolve()
      else running.child.once('exit', () => resolve())
    })
    this.drop(running, new EngineLost('the type engine was closed'))
    await gone
  }

  private uriOf(name: string): string {
    return pathToFileURL(join(this.options.folder, name)).href
  }

  private runningNow(): Running {
    if (!this.live) throw new EngineLost('the type engine ended before it was asked')
    return this.live
  }

  private start(): Promise<Running> {
    if (this.isClosed) return Promise.reject(new EngineLost('the type engine was closed'))
    if (this.running) return this.running
    if (this.failedStarts >= MOST_FAILED_STARTS) {
      if (Date.now() < this.restUntilMs) return Promise.reject(new EngineLost('the type engine failed several times and rests'))
      this.failedStarts = 0
    }
    this.failedStarts += 1
    this.restUntilMs = Date.now() + REST_MS
    const starting = this.launch()
    this.running = starting
    starting.catch(() => {
      if (this.running === starting) this.running = null
    })
    return starting
  }

  private async launch(): Promise<Running> {
    const child = spawn(enginePath(), ['--lsp', '--stdio'], {
      cwd: this.options.folder,
      stdio: ['pipe', 'pipe', 'ignore'],
      // Half the usual slack of the garbage collector: a fifth less memory for the same speed (measured).
      env: { ...process.env, GOGC: process.env.GOGC ?? '50' },
    })
    const rpc = new RpcConnection(child.stdout!, child.stdin!, answerEngine, (error) => this.drop(running, new EngineLost(error.message)))
    const running: Running = { child, rpc, versions: new Map(), api: null }
    child.once('error', (error) => this.drop(running, new EngineLost(`the type engine did not start: ${error.message}`)))
    child.once('exit', (code, signal) => this.drop(running, new EngineLost(`the type engine ended (${signal ?? code})`)))
    await rpc.request('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(this.options.folder).href,
      capabilities: CLIENT_CAPABILITIES,
      initializationOptions: { disablePushDiagnostics: true },
    }, REQUEST_LIMIT_MS)
    rpc.notify('initialized', {})
    if (this.isClosed) throw new EngineLost('the type engine was closed')
    this.live = running
    // The settings come first: a document opened before them would belong to no project.
    this.sync(running, 'tsconfig.json', this.options.config())
    for (const [name, text] of this.documents) this.sync(running, name, text)
    return running
  }

  private sync(running: Running, name: string, text: string): void {
    const version = (running.versions.get(name) ?? 0) + 1
    running.versions.set(name, version)
    const uri = this.uriOf(name)
    if (version > 1) return running.rpc.notify('textDocument/didChange', { textDocument: { uri, version }, contentChanges: [{ text }] })
    const languageId = name.endsWith('.json') ? 'json' : 'typescript'
    running.rpc.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } })
  }

  private async openApi(running: Running): Promise<{ api: API; pipe: string }> {
    const { pipe } = (await running.rpc.request('custom/initializeAPISession', {}, REQUEST_LIMIT_MS)) as { pipe: string }
    const { API: ApiClass } = await import('typescript/unstable/async')
    const api = (await ApiClass.fromLSPConnection({ pipe })) as unknown as API
    silenceWriteErrors((api as unknown as ApiInside).client.socket)
    return { api, pipe }
  }

  private drop(running: Running, reason: EngineLost): void {
    if (this.live === running) {
      this.live = null
      this.running = null
      this.options.onLost()
    }
    running.rpc.close(reason)
    running.child.kill('SIGKILL')
    if (!running.api) return
    // Not api.close(): it would first tell the killed engine to release snapshots, and wait for the answer.
    void (running.api.api as unknown as ApiInside).client.close().catch(() => undefined)
    // A killed engine leaves its API socket behind.
    rmSync(running.api.pipe, { force: true })
    running.api = null
  }
}

/** What of the API client we reach into. */
interface ApiInside {
  client: { socket: Socket | undefined; close(): Promise<void> }
}

/** A failed write rejects the request, and once more a promise of the JSON-RPC package that nobody can catch: closing the client is what ends requests. */
function silenceWriteErrors(socket: Socket | undefined): void {
  if (socket === undefined) return
  const write = socket.write.bind(socket) as (...words: unknown[]) => boolean
  socket.write = ((...words: unknown[]) => write(...words.slice(0, -1), () => (words.at(-1) as () => void)())) as typeof socket.write
}

const CLIENT_CAPABILITIES = {
  general: { positionEncodings: ['utf-16'] },
  // We say which files changed; without this the engine would watch folders itself.
  workspace: { configuration: true, didChangeWatchedFiles: { dynamicRegistration: true } },
  textDocument: {
    hover: { contentFormat: ['markdown'] },
    signatureHelp: { signatureInformation: { documentationFormat: ['markdown'] } },
    completion: { completionItem: { snippetSupport: false } },
    diagnostic: {},
  },
}

function answerEngine(method: string, params: unknown): unknown {
  if (method !== 'workspace/configuration') return null
  const { items } = params as { items: unknown[] }
  // Left on, the engine runs npm install in the user's ~/.cache/typescript, unasked. The index of everything importable costs a second and is no use in a notebook.
  const suggest = { autoImports: false, includeCompletionsForImportStatements: false }
  return items.map(() => ({ disableAutomaticTypeAcquisition: true, suggest, preferences: { quoteStyle: 'single' } }))
}

interface NamedNode {
  name?: NamedNode
  text?: string
  elements?: readonly NamedNode[]
  declarationList?: { declarations: readonly NamedNode[] }
}

async function printDeclarations(project: Project, path: string): Promise<Map<string, string>> {
  const file = await project.program.getSourceFile(path)
  if (!file) return new Map()
  const nodes: NamedNode[] = []
  for (const statement of file.statements as unknown as readonly NamedNode[]) {
    for (const declaration of statement.declarationList?.declarations ?? [statement]) collectNames(declaration.name, nodes)
  }
  const types = nodes.length === 0 ? [] : await project.checker.getTypeAtLocation(nodes as never)
  const printed = await Promise.all(
    (types as readonly (object | undefined)[]).map((type) => (type ? project.checker.typeToString(type as never, file, PRINT_FLAGS) : undefined)),
  )
  const answer = new Map<string, string>()
  for (const [index, text] of printed.entries()) if (text !== undefined) answer.set(nodes[index]!.text!, text)
  return answer
}

function collectNames(name: NamedNode | undefined, into: NamedNode[]): void {
  if (!name) return
  if (typeof name.text === 'string') into.push(name)
  else for (const element of name.elements ?? []) collectNames(element.name, into)
}
