/**
 * Owns comms: open, message, close, both ways. Targets of the kernel are answered at once, also while a cell runs;
 * all others go to the session, which answers when its cell lets it. Refuses unknown targets with comm_close.
 */
import { randomUUID } from 'node:crypto'
import { LabflowError } from '../src/model/errors.ts'
import type { CommEvent, CommLine, CommListener, CommPort } from './contract.ts'
import type { KernelIo, ParentHeader } from './io.ts'

/** Open comms beyond this are refused with comm_close. */
const maxOpenComms = 10_000

interface OpenComm {
  targetName: string
  /** null: the session's. */
  listener: CommListener | null
}

type OpenTarget = (line: CommLine, data: unknown) => CommListener
type Forward = (event: CommEvent, buffers: readonly Uint8Array[]) => void

export class Comms implements CommPort {
  readonly #io: KernelIo
  readonly #parentNow: () => ParentHeader
  readonly #log: (line: string) => void
  readonly #targets = new Map<string, OpenTarget>()
  readonly #open = new Map<string, OpenComm>()
  #forward: Forward | null = null

  /** `parentNow`: header under which comm messages of the kernel are published. */
  constructor(io: KernelIo, parentNow: () => ParentHeader, log: (line: string) => void) {
    this.#io = io
    this.#parentNow = parentNow
    this.#log = log
  }

  register(targetName: string, onOpen: OpenTarget): void {
    if (this.#targets.has(targetName)) throw new LabflowError('INTERNAL', `The comm target ${targetName} is registered twice.`)
    this.#targets.set(targetName, onOpen)
  }

  open(targetName: string, data: unknown, listener: CommListener = {}): CommLine {
    const commId = randomUUID()
    this.#open.set(commId, { targetName, listener })
    this.#publishOpen(commId, targetName, data, [])
    return this.#lineOf(commId, targetName)
  }

  connectSession(forward: Forward): void {
    this.#forward = forward
  }

  fromSession(event: CommEvent, buffers: readonly Uint8Array[] = []): void {
    const { kind, commId, targetName, data } = event
    if (kind === 'open') {
      this.#open.set(commId, { targetName, listener: null })
      this.#publishOpen(commId, targetName, data, buffers)
    } else if (this.#open.has(commId)) {
      if (kind === 'close') this.#open.delete(commId)
      this.#publish(kind === 'close' ? 'comm_close' : 'comm_msg', commId, data, buffers)
    }
  }

  dropSession(): void {
    for (const [commId, comm] of this.#open) {
      if (comm.listener !== null) continue
      this.#open.delete(commId)
      this.#publish('comm_close', commId, {}, [])
    }
  }

  /** Takes comm_open, comm_msg or comm_close of the front end. */
  receive(messageType: string, content: Record<string, unknown>, buffers: readonly Uint8Array[]): void {
    const commId = content['comm_id']
    if (typeof commId !== 'string') return this.#log(`${messageType} without comm_id dropped`)
    const data = content['data'] ?? {}
    if (messageType === 'comm_open') return this.#receiveOpen(commId, String(content['target_name']), data, buffers)
    const comm = this.#open.get(commId)
    if (comm === undefined) return this.#log(`${messageType} for unknown comm ${commId} dropped`)
    const isClose = messageType === 'comm_close'
    if (isClose) this.#open.delete(commId)
    if (comm.listener === null) this.#forward?.({ kind: isClose ? 'close' : 'message', commId, targetName: comm.targetName, data }, buffers)
    else if (isClose) comm.listener.onClose?.(data)
    else comm.listener.onMessage?.(data, buffers)
  }

  /** Content of comm_info_reply: kernel's and session's comms, of one target or all. */
  info(targetName: string | null): Record<string, unknown> {
    const comms: Record<string, { target_name: string }> = {}
    for (const [commId, comm] of this.#open) {
      if (targetName === null || comm.targetName === targetName) comms[commId] = { target_name: comm.targetName }
    }
    return { status: 'ok', comms }
  }

  #receiveOpen(commId: string, targetName: string, data: unknown, buffers: readonly Uint8Array[]): void {
    const onOpen = this.#targets.get(targetName)
    if (this.#open.size >= maxOpenComms || (onOpen === undefined && this.#forward === null)) {
      this.#log(`comm_open for ${targetName} refused`)
      return this.#publish('comm_close', commId, {}, [])
    }
    const comm: OpenComm = { targetName, listener: onOpen === undefined ? null : {} }
    this.#open.set(commId, comm)
    if (onOpen === undefined) return this.#forward!({ kind: 'open', commId, targetName, data }, buffers)
    try {
      comm.listener = onOpen(this.#lineOf(commId, targetName), data)
    } catch (error) {
      this.#open.delete(commId)
      this.#publish('comm_close', commId, { error: (error as Error).message }, [])
    }
  }

  #lineOf(commId: string, targetName: string): CommLine {
    return {
      commId,
      targetName,
      send: (data, buffers = []) => {
        if (this.#open.has(commId)) this.#publish('comm_msg', commId, data, buffers)
      },
      close: (data = {}) => {
        if (this.#open.delete(commId)) this.#publish('comm_close', commId, data, [])
      },
    }
  }

  #publishOpen(commId: string, targetName: string, data: unknown, buffers: readonly Uint8Array[]): void {
    this.#io.publish('comm_open', { comm_id: commId, target_name: targetName, target_module: null, data }, this.#parentNow(), {}, buffers)
  }

  #publish(messageType: string, commId: string, data: unknown, buffers: readonly Uint8Array[]): void {
    this.#io.publish(messageType, { comm_id: commId, data }, this.#parentNow(), {}, buffers)
  }
}
