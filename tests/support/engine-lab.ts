/** A store in a temporary folder, real executors over the fixture worker, and their end after the test. */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connectEngine } from '../../src/client/connect.ts'
import type { EngineClient, RunHandle } from '../../src/client/engine-client.ts'
import type { EncodedValue, RunOptions, Submission } from '../../src/model/run.ts'
import { readExecutorFile } from '../../src/wire/executor-file.ts'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import { signalTree } from '../../src/executor/process-tree.ts'

export const FIXTURE_WORKER = fileURLToPath(new URL('./fixture-worker.ts', import.meta.url))

export const DEFAULT_OPTIONS: RunOptions = {
  retries: 0, retryDelay: { kind: 'list', delaysMs: [] }, retryJitter: 0, retryOn: [], timeoutMs: null, cache: null, refresh: false, tags: [], seed: null,
}

export interface LabRun {
  kind?: Submission['kind']
  name?: string
  options?: Partial<RunOptions>
  cacheKey?: string
  inputs?: unknown
  bytes?: Uint8Array
  parentRunId?: string
}

/** A submission whose body is `source`, a statement list that sees `ctx` (see fixture-worker.ts). */
export function submissionOf(source: string, more: LabRun = {}): { submission: Submission; inputs: EncodedValue } {
  const submission: Submission = {
    kind: more.kind ?? 'task', name: more.name ?? 'work', runName: more.name ?? 'work',
    code: { imports: [], definitions: [], entry: { kind: 'function', source, filename: '/nb/cell.ts' }, folder: tmpdir(), fingerprint: 'f', fingerprintParts: {} },
    options: { ...DEFAULT_OPTIONS, ...more.options },
    environment: { cwd: tmpdir(), env: {}, nodePath: process.execPath },
    cacheKey: more.cacheKey ?? source, inputDigests: {}, parameters: {}, notebook: null, parentRunId: more.parentRunId ?? null,
  }
  return { submission, inputs: { header: Buffer.from(JSON.stringify(more.inputs ?? null)), buffers: more.bytes === undefined ? [] : [more.bytes] } }
}

/** The JSON value of a result of the fixture worker. */
export function valueOf(result: EncodedValue | null): unknown {
  return result === null ? undefined : JSON.parse(Buffer.from(result.header).toString())
}

export class EngineLab {
  readonly folder: string
  readonly store: string
  readonly #clients: EngineClient[] = []
  readonly #saved = { ...process.env }
  readonly #pids = new Set<number>()

  constructor(env: Record<string, string> = {}) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'labflow-lab-')))
    this.store = join(this.folder, '.labflow')
    this.setEnv({ LABFLOW_WORKER_ENTRY: FIXTURE_WORKER, LABFLOW_IDLE_MS: '60000', LABFLOW_SLOTS: '2', ...env })
  }

  /** Environment of executors started from here on. */
  setEnv(env: Record<string, string>): void {
    Object.assign(process.env, env)
  }

  async client(): Promise<EngineClient> {
    const client = await connectEngine({ storeFolder: this.store, client: 'kernel' })
    this.#clients.push(client)
    this.#pids.add(this.executorPid)
    return client
  }

  async submit(client: EngineClient, source: string, more: LabRun = {}): Promise<RunHandle> {
    const { submission, inputs } = submissionOf(source, more)
    return client.submit(submission, inputs)
  }

  /** Submits and waits. */
  async run(client: EngineClient, source: string, more: LabRun = {}) {
    const handle = await this.submit(client, source, more)
    const { run, result } = await handle.ended
    return { run, value: valueOf(result), buffers: result?.buffers ?? [] }
  }

  get executorPid(): number {
    return readExecutorFile(this.store)?.pid ?? -1
  }

  get log(): string {
    return readFileSync(join(this.store, 'executor.log'), 'utf8')
  }

  /** kill −9 of the executor alone; resolves when it is gone. */
  async killExecutor(): Promise<void> {
    const pid = this.executorPid
    process.kill(pid, 'SIGKILL')
    await until(() => !isSameProcess(pid, null))
  }

  /** Path of a file in the lab's folder. */
  path(name: string): string {
    return join(this.folder, name)
  }

  async close(): Promise<void> {
    for (const client of this.#clients) {
      this.#pids.add(this.executorPid)
      await client.stop(true).catch(() => {})
      await client.close()
    }
    for (const pid of this.#pids) {
      if (pid > 0) await until(() => !isSameProcess(pid, null), 5_000).catch(() => signalTree(pid, 'SIGKILL'))
    }
    for (const name of Object.keys(process.env)) if (!(name in this.#saved)) delete process.env[name]
    Object.assign(process.env, this.#saved)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Resolves when `isTrue`; a hang limit, not a measurement. */
export async function until(isTrue: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`not so after ${limitMs} ms: ${isTrue.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
