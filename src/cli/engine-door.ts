/**
 * Owns how a command reaches the executor of the current folder's store, and that its connection is closed again.
 */
import type { EngineClient } from '../client/engine-client.ts'

/** Runs `work` on the executor (started when there is none) and closes the connection. */
export async function withEngine<T>(work: (engine: EngineClient) => Promise<T>): Promise<T> {
  const { connectEngine } = await import('../client/connect.ts')
  const engine = await connectEngine({ cwd: process.cwd(), client: 'cli' })
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}

/** Runs `work` on the executor if one runs; otherwise returns null and starts none. */
export async function withRunningEngine<T>(work: (engine: EngineClient) => Promise<T>): Promise<T | null> {
  const { findEngine } = await import('../client/connect.ts')
  const engine = await findEngine({ cwd: process.cwd(), client: 'cli' })
  if (engine === null) return null
  try {
    return await work(engine)
  } finally {
    await engine.close()
  }
}
