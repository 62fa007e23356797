/** Owns the way from a folder to a client of its executor. */
import { findExecutor, findOrStartExecutor } from './launch.ts'
import { EngineClient } from './engine-client.ts'
import { LabflowError } from '../model/errors.ts'
import { findStoreFolder } from './store-folder.ts'
import { ZeromqTransport } from './zeromq-transport.ts'
import type { ClientKind } from './zeromq-transport.ts'

export interface ConnectOptions {
  /** Folder the work is in; its store is found as {@link findStoreFolder} says. Default: the process's. */
  cwd?: string
  /** Absolute path of a store folder, in place of `cwd`. */
  storeFolder?: string
  client: ClientKind
}

/**
 * A client of the store's executor, which is started when none runs and again when it dies. A client of kind `program` lets go of the
 * connection while nothing is asked or followed, so that the program can end.
 * @throws LabflowError EXECUTOR_UNREACHABLE, EXECUTOR_VERSION, or what is wrong with the store.
 */
export async function connectEngine(options: ConnectOptions): Promise<EngineClient> {
  refuseInsideWorker()
  const storeFolder = options.storeFolder ?? findStoreFolder(options.cwd ?? process.cwd())
  const connect = async (): Promise<ZeromqTransport> => ZeromqTransport.connect(await findOrStartExecutor(storeFolder), options.client)
  const client = new EngineClient(connect, { closesWhenIdle: options.client === 'program' })
  await client.open()
  return client
}

/** A file that connects by itself would start its own flow again in every worker that loads it. */
function refuseInsideWorker(): void {
  if ((globalThis as unknown as Record<symbol, unknown>)[Symbol.for('labflow.api.owned')] !== true) return
  throw new LabflowError('EXECUTOR_UNREACHABLE', 'This code runs in a worker, which has its way to the executor already: call tasks and flows there, and connect only in the program that starts them.')
}

/** A client of the executor that runs for the store now; null when none does, and then none is started. @throws LabflowError as {@link connectEngine}. */
export async function findEngine(options: ConnectOptions): Promise<EngineClient | null> {
  const storeFolder = options.storeFolder ?? findStoreFolder(options.cwd ?? process.cwd())
  return findExecutor(storeFolder) === null ? null : connectEngine({ ...options, storeFolder })
}
