/**
 * A small worker for tests of the executor: speaks src/worker/protocol.ts and evaluates `code.entry.source` as the body of an
 * async function of `ctx`. Inputs and results are JSON in the header; a Uint8Array result becomes a buffer.
 */
import { appendFileSync, writeSync } from 'node:fs'
import { createConnection } from 'node:net'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeFrame } from '../../src/pipe/frame.ts'
import { openPipe } from '../../src/pipe/command-reader.ts'
import { frameChannel } from '../../src/pipe/frame-channel.ts'
import type { FrameChannel } from '../../src/pipe/frame-channel.ts'
import type { EngineEvent, EngineMethod, EngineReply } from '../../src/wire/engine-protocol.ts'
import type { WorkerCommand, WorkerMessage } from '../../src/worker/protocol.ts'

type AttemptCommand = Extract<WorkerCommand, { type: 'attempt' }>

let spoolPath: string | null = null
let current: AttemptCommand | null = null
let isOrphan = false
/** The outcome last sent, until a command shows that the executor lives: it may have been lost in the pipe. */
let unconfirmed: Buffer | null = null
let lastId = 0
let back: FrameChannel | null = null
let abort = new AbortController()
const replies = new Map<number, (reply: EngineReply, buffers: Uint8Array[]) => void>()
const early = new Map<string, [EngineEvent['event'], Uint8Array[]]>()
/** Questions of a time without executor: the next one gets them. */
const unasked: [WorkerMessage, Uint8Array[]][] = []
const ends = new Map<string, (event: EngineEvent['event'], buffers: Uint8Array[]) => void>()

function send(message: WorkerMessage, buffers: Uint8Array[] = []): void {
  const bytes = Buffer.concat(encodeFrame(message, buffers))
  if (message.type === 'completed' || message.type === 'failed') unconfirmed = bytes
  if (!isOrphan) {
    try {
      for (let at = 0; at < bytes.byteLength;) at += writeSync(3, bytes, at)
      return
    } catch {
      isOrphan = true
    }
  }
  if (message.type === 'engine') {
    unasked.push([message, buffers])
    return
  }
  if (spoolPath === null) return
  appendFileSync(spoolPath, bytes)
  if (bytes === unconfirmed) unconfirmed = null
}

function sendEngine(message: WorkerMessage, buffers: Uint8Array[]): void {
  if (back !== null) back.send(message, buffers)
  else send(message, buffers)
}

function ask(method: EngineMethod, params: unknown, buffers: Uint8Array[] = []): Promise<{ result: unknown; buffers: Uint8Array[] }> {
  const id = ++lastId
  return new Promise((resolve, reject) => {
    replies.set(id, (reply, more) => (reply.ok ? resolve({ result: reply.result, buffers: more }) : reject(new Error(reply.error.message))))
    sendEngine({ type: 'engine', payload: { kind: 'request', id, method, params } }, buffers)
  })
}

/** Submits a nested run and waits for its end, parked meanwhile. */
async function call(source: string, inputs: unknown = null, more: Record<string, unknown> = {}): Promise<unknown> {
  const own = current as AttemptCommand
  const submission = {
    kind: 'task', name: 'nested', runName: 'nested', code: { ...own.code, entry: { kind: 'function', source, filename: '/nb/cell.ts' } },
    options: { ...own.options, retries: 0, timeoutMs: null }, environment: own.environment, cacheKey: `nested ${source} ${JSON.stringify(inputs)}`, inputDigests: {}, parameters: {},
    notebook: null, parentRunId: null, ...more,
  }
  const { result } = await ask('submit', { submission }, [Buffer.from(JSON.stringify(inputs))])
  const { run } = result as { run: { id: string } }
  const ended = new Promise<{ event: EngineEvent['event']; buffers: Uint8Array[] }>((resolve) => {
    const come = early.get(run.id)
    if (come !== undefined) resolve({ event: come[0], buffers: come[1] })
    ends.set(run.id, (event, buffers) => resolve({ event, buffers }))
  })
  await ask('park', { isParked: true })
  const { event, buffers } = await ended
  await ask('park', { isParked: false })
  if (event.type !== 'end' || event.run.state.type !== 'COMPLETED') throw new Error(`nested run ended ${event.type === 'end' ? event.run.state.type : '?'}`)
  return JSON.parse(Buffer.from(buffers[0] as Uint8Array).toString())
}

const AsyncFunction = (async () => {}).constructor as new (...names: string[]) => (...values: unknown[]) => Promise<unknown>

async function perform(command: AttemptCommand, buffers: Uint8Array[]): Promise<void> {
  const { runId, attempt, nonce } = command
  current = command
  spoolPath = command.spoolPath
  abort = new AbortController()
  const source = command.code.entry.kind === 'function' ? command.code.entry.source : ''
  send({ type: 'started', runId, attempt, nonce })
  const context = {
    attempt, runId, call, ask, signal: abort.signal,
    inputs: JSON.parse(Buffer.from(buffers[0] as Uint8Array).toString()) as unknown,
    inputBytes: buffers[1],
    print: (text: string) => send({ type: 'output', runId, output: { type: 'stream', name: 'stdout', text } }),
    progress: (done: number) => send({ type: 'progress', runId, progress: { barId: 'b', label: 'epochs', done, total: 100, metrics: {} } }),
    log: (message: string) => send({ type: 'log', runId, level: 'info', message, timeMs: Date.now() }),
    mutated: [] as string[],
  }
  const used = { cpuSeconds: 0, peakMemoryBytes: 1, isReusable: true }
  try {
    const value = await new AsyncFunction('ctx', source)(context)
    const isBytes = value instanceof Uint8Array
    const result = [Buffer.from(JSON.stringify(isBytes ? null : (value ?? null))), ...(isBytes ? [value] : [])]
    send({ type: 'completed', runId, attempt, nonce, outputNames: [], mutatedInputs: context.mutated, ...used }, result)
  } catch (error) {
    const { name, message } = error as Error
    send({ type: 'failed', outputNames: [], runId, attempt, nonce, error: { name, message, traceback: [] }, exitCode: null, ...used })
  }
  current = null
  if (isOrphan) process.exit(0)
}

function receive(payload: EngineReply | EngineEvent, buffers: Uint8Array[]): void {
  if (payload.kind === 'reply') {
    replies.get(payload.id)?.(payload, buffers)
    replies.delete(payload.id)
  } else if (payload.event.type === 'end') {
    // The end of a cached run is in the same chunk as the reply: it comes before anyone could wait for it.
    const end = ends.get(payload.event.runId)
    if (end === undefined) early.set(payload.event.runId, [payload.event, buffers])
    else end(payload.event, buffers)
  }
}

openPipe<WorkerCommand>(4, {
  onMessage: (command, buffers) => {
    unconfirmed = null
    if (command.type === 'attempt') void perform(command, buffers)
    else if (command.type === 'cancel') abort.abort()
    else if (command.type === 'engine') receive(command.payload, buffers)
    else process.exit(0)
  },
  onClose: () => {
    isOrphan = true
    if (current === null && unconfirmed !== null && spoolPath !== null) appendFileSync(spoolPath, unconfirmed)
    if (current === null) process.exit(0)
    comeBack(current)
  },
})

/** Looks for the next executor until it answers. */
function comeBack(command: AttemptCommand): void {
  const { runId, attempt, nonce } = command
  const again = (): void => void setTimeout(() => comeBack(command), 50)
  if (current !== command) return
  let socketPath: string
  try {
    socketPath = (JSON.parse(readFileSync(join(dirname(dirname(command.spoolPath)), 'executor.json'), 'utf8')) as { workersSocket: string }).workersSocket
  } catch {
    return again()
  }
  const socket = createConnection(socketPath)
  const channel = frameChannel<WorkerCommand>(socket, {
    onMessage: (message, buffers) => {
      if (message.type === 'engine') receive(message.payload, buffers)
      else if (message.type === 'cancel') abort.abort()
      else process.exit(0)
    },
    onClose: () => {
      if (back === channel) back = null
      again()
    },
  })
  socket.on('connect', () => {
    channel.send({ type: 'attach', runId, attempt, nonce, pid: process.pid })
    back = channel
    for (const [message, buffers] of unasked.splice(0)) channel.send(message, buffers)
  })
}

send({ type: 'ready', pid: process.pid })
