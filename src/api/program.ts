/**
 * Owns what a plain Node program is to Labflow: a client of its folder's executor, whose runs print into the program's own console.
 */
import { dirname } from 'node:path'
import type { RunEvent } from '../model/run.ts'
import type { EngineTransport } from '../wire/engine-protocol.ts'

/** The program's connection. */
export interface ProgramConnection {
  transport(): EngineTransport
  onEvent(event: RunEvent): void
}

/** Connects to the executor of the store that a file or folder belongs to; starts it when there is none. @throws LabflowError EXECUTOR_UNREACHABLE. */
export async function connectProgram(path: string): Promise<ProgramConnection> {
  // Loaded on first need: a program that only defines tasks opens no socket.
  const { connectEngine } = await import('../client/connect.ts')
  const client = await connectEngine({ cwd: dirname(path), client: 'program' })
  return { transport: () => client, onEvent: printEvent }
}

function printEvent(event: RunEvent): void {
  if (event.type === 'output' && event.output.type === 'stream') process[event.output.name].write(event.output.text)
  if (event.type === 'output' && event.output.type === 'display') {
    const text = event.output.data['text/plain']
    if (typeof text === 'string' && !event.output.isUpdate) process.stdout.write(`${text}\n`)
  }
  if (event.type === 'log') process.stderr.write(`${event.level.toUpperCase()} ${event.message}\n`)
}
