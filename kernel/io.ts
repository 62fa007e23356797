/**
 * Owns how the rest of the kernel speaks to the front end: broadcast, reply, question. Makes headers and topics.
 * Knows no message's meaning; signing and sending belong to wire/.
 */
import type { JupyterMessage, MessageHeader } from './wire/message.ts'
import type { KernelSockets } from './wire/sockets.ts'

/** A header, or the empty object when nothing caused the message. */
export type ParentHeader = MessageHeader | Record<string, never>

export interface KernelIo {
  /** Broadcasts on iopub under the message that caused it. */
  publish(messageType: string, content: object, parent: ParentHeader, metadata?: object, buffers?: readonly Uint8Array[]): void
  /** Answers a request on the channel it came from. */
  reply(channel: 'shell' | 'control', request: JupyterMessage, messageType: string, content: object, metadata?: object): void
  /** Sends a question on the stdin channel to who sent `request`; the answer names the returned message id. */
  ask(request: JupyterMessage, messageType: string, content: object): string
}

/** Binds {@link KernelIo} to open sockets. */
export function createIo(sockets: Pick<KernelSockets, 'send'>, headerOf: (messageType: string) => MessageHeader): KernelIo {
  const build = (messageType: string, identities: readonly Uint8Array[], parentHeader: ParentHeader, content: object, metadata: object = {}): JupyterMessage => ({
    identities,
    header: headerOf(messageType),
    parentHeader,
    metadata: metadata as Record<string, unknown>,
    content: content as Record<string, unknown>,
    buffers: [],
  })
  return {
    publish(messageType, content, parent, metadata, buffers = []) {
      const message = build(messageType, [Buffer.from(`kernel.${messageType}`)], parent, content, metadata)
      sockets.send('iopub', { ...message, buffers })
    },
    reply(channel, request, messageType, content, metadata) {
      sockets.send(channel, build(messageType, request.identities, request.header, content, metadata))
    },
    ask(request, messageType, content) {
      const message = build(messageType, request.identities, request.header, content)
      sockets.send('stdin', message)
      return message.header.msg_id
    },
  }
}
