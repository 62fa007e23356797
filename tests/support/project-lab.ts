/**
 * A project in a temporary folder with a home, a store and Jupyter folders of its own: `labflow` as a real process in it, clients of its
 * executor, flows of files submitted to it. Ends its executor and removes everything after the test.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { captureModuleTask } from '../../src/capture/capture-module-task.ts'
import { connectEngine, findEngine } from '../../src/client/connect.ts'
import type { EngineClient, RunHandle } from '../../src/client/engine-client.ts'
import type { RunRecord, RunResult } from '../../src/model/run.ts'
import { decodeValue } from '../../src/values/codec.ts'
import { readExecutorFile } from '../../src/wire/executor-file.ts'
import { isSameProcess } from '../../src/wire/process-identity.ts'
import { DEFAULT_OPTIONS, until } from './engine-lab.ts'

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

export interface CommandResult {
  stdout: string
  stderr: string
  /** null when a signal ended it. */
  code: number | null
}

/** A command at work: what it wrote so far, and its end. */
export class RunningCommand {
  stdout = ''
  stderr = ''
  readonly child: ChildProcess
  readonly ended: Promise<CommandResult>

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code) => resolve({ stdout: this.stdout, stderr: this.stderr, code }))
    })
  }

  /** Resolves when stdout and stderr together have the text. @throws Error with what was written when the command ends without. */
  async says(words: string | RegExp): Promise<void> {
    let isOver = false
    void this.ended.then(() => (isOver = true), () => (isOver = true))
    const has = (): boolean => (typeof words === 'string' ? `${this.stdout}${this.stderr}`.includes(words) : words.test(`${this.stdout}${this.stderr}`))
    await until(() => has() || isOver, 60_000)
    if (!has()) throw new Error(`ended without saying ${String(words)}: ${this.stdout}${this.stderr}`)
  }
}

export class ProjectLab {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'labflow-project-')))
  readonly home = join(this.folder, 'home')
  readonly store = join(this.folder, '.labflow')
  readonly env: NodeJS.ProcessEnv
  readonly #clients: EngineClient[] = []
  readonly #children = new Set<ChildProcess>()

  constructor(env: NodeJS.ProcessEnv = {}) {
    mkdirSync(this.home)
    writeFileSync(join(this.folder, 'package.json'), '{"type":"module"}')
    this.env = { ...process.env, HOME: this.home, XDG_DATA_HOME: '', JUPYTER_DATA_DIR: join(this.home, 'jupyter'), JUPYTER_PATH: '', LABFLOW_HOME: this.store, LABFLOW: '', LABFLOW_SLOTS: '2', ...env }
  }

  /** Writes a file of the project; returns its absolute path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }

  /** Starts a program in the project's folder. */
  start(program: string, words: string[], cwd = this.folder): RunningCommand {
    const child = spawn(program, words, { cwd, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.add(child)
    child.on('close', () => this.#children.delete(child))
    return new RunningCommand(child)
  }

  /** Starts `labflow …` of the repository. */
  startLabflow(...words: string[]): RunningCommand {
    return this.start(process.execPath, [join(REPOSITORY, 'bin', 'labflow.mjs'), ...words])
  }

  /** Runs `labflow …` of the repository to its end. */
  labflow(...words: string[]): Promise<CommandResult> {
    return this.startLabflow(...words).ended
  }

  /** A new client of the project's executor, which is started when there is none. */
  async client(): Promise<EngineClient> {
    const client = await connectEngine({ storeFolder: this.store, client: 'cli' })
    this.#clients.push(client)
    return client
  }

  /** Submits a task or flow that a file exports, as another program would. */
  async submit(client: EngineClient, path: string, name: string, parameters: unknown, more: { kind?: RunRecord['kind']; retries?: number } = {}): Promise<RunHandle> {
    const kind = more.kind ?? 'flow'
    const { inputs, ...captured } = await captureModuleTask({ path, taskName: name, runKind: kind, args: [parameters], parameterNames: ['parameters'] })
    const environment = { cwd: this.folder, env: { PATH: process.env.PATH ?? '', HOME: this.home, LABFLOW_HOME: this.store }, nodePath: process.execPath }
    const options = { ...DEFAULT_OPTIONS, retries: more.retries ?? 0 }
    return client.submit({ kind, name, runName: name, options, environment, notebook: null, parentRunId: null, ...captured }, inputs)
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const client of this.#clients) await client.close()
    const pid = readExecutorFile(this.store)?.pid ?? 0
    const engine = await findEngine({ storeFolder: this.store, client: 'cli' })
    await engine?.stop(true)
    await engine?.close()
    if (pid > 0) await until(() => !isSameProcess(pid, null))
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** The value that a run came to. */
export function valueOfRun<Value>(outcome: Awaited<RunHandle['ended']>): Value {
  if (outcome.result === null) throw new Error(`${outcome.run.name} ended ${outcome.run.state.type}: ${outcome.run.state.message}`)
  return (decodeValue(outcome.result) as RunResult).value as Value
}
