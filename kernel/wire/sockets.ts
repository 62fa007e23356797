/**
 * Owns the five sockets of the kernel; the only file of the kernel that knows zeromq.
 * Knows bytes and signatures, not what messages mean. A frame that cannot be read is dropped with a line in the log.
 */
import { Router, XPublisher } from 'zeromq'
import { SendQueue } from '../../src/wire/send-queue.ts'
import { addressOf, type ChannelName, type Connection } from './connection.ts'
import { decodeMessage, encodeMessage, type JupyterMessage } from './message.ts'

/** How long a closing socket keeps undelivered messages; the default is for ever and hangs the exit. */
const lingerMs = 500
/** A subscriber that is this far behind loses messages; the default of 1,000 loses output of an ordinary loop. */
const subscriberBacklogMessages = 100_000
/** A bigger message is refused by the socket: one field must not fill the memory. */
const maxMessageBytes = 1 << 30

/** A channel that carries signed messages. */
export type MessageChannel = Exclude<ChannelName, 'heartbeat'>

export interface KernelSockets {
  /** Queues a message; on iopub `identities` are the topic. Never throws. */
  send(channel: MessageChannel, message: JupyterMessage): void
  /** Hands out what is queued, at most `lingerMs` long, and closes. */
  close(): Promise<void>
}

export interface SocketHandlers {
  onMessage(channel: 'shell' | 'control' | 'stdin', message: JupyterMessage): void
  /** Somebody subscribed to iopub with this topic prefix. */
  onSubscribe(topic: string): void
  log(line: string): void
}

/**
 * Binds all five sockets and starts to listen.
 * @throws Error of zeromq when an address is taken.
 */
export async function openSockets(connection: Connection, handlers: SocketHandlers): Promise<KernelSockets> {
  const isIpv6 = connection.transport === 'tcp' && connection.ip.includes(':')
  const options = { linger: lingerMs, maxMessageSize: maxMessageBytes, ipv6: isIpv6 }
  const routers = { shell: new Router(options), control: new Router(options), stdin: new Router(options) }
  // Repeated subscriptions are shown too: each client that asks gets its welcome.
  const iopub = new XPublisher({ ...options, sendHighWaterMark: subscriberBacklogMessages, verbosity: 'allSubs' })
  const heartbeat = new Router(options)
  const sockets = { ...routers, iopub, heartbeat }
  await Promise.all((Object.keys(sockets) as ChannelName[]).map((name) => sockets[name].bind(addressOf(connection, name))))

  const queues = {} as Record<ChannelName, SendQueue>
  for (const name of Object.keys(sockets) as ChannelName[]) {
    queues[name] = new SendQueue((frames) => sockets[name].send(frames), (line) => handlers.log(`${name}: ${line}`))
  }
  for (const name of ['shell', 'control', 'stdin'] as const) {
    void listen(routers[name], handlers.log, (frames) => handlers.onMessage(name, decodeMessage(frames, connection.key)))
  }
  void listen(heartbeat, handlers.log, (frames) => queues.heartbeat.push(frames))
  void listen(iopub, handlers.log, ([frame]) => {
    if (frame !== undefined && frame[0] === 1) handlers.onSubscribe(Buffer.from(frame.subarray(1)).toString('utf8'))
  })

  return {
    send(channel, message) {
      try {
        queues[channel].push(encodeMessage(message, connection.key))
      } catch (error) {
        handlers.log(`${channel}: ${message.header.msg_type} cannot be written: ${(error as Error).message}`)
      }
    },
    async close() {
      const giveUp = new Promise<void>((resolve) => setTimeout(resolve, lingerMs).unref())
      await Promise.race([Promise.all(Object.values(queues).map((queue) => queue.drained())), giveUp])
      for (const queue of Object.values(queues)) queue.close()
      for (const socket of Object.values(sockets)) socket.close()
    },
  }
}

async function listen(socket: Router | XPublisher, log: (line: string) => void, onFrames: (frames: Buffer[]) => void): Promise<void> {
  try {
    for await (const frames of socket) {
      try {
        onFrames(frames as Buffer[])
      } catch (error) {
        log((error as Error).message)
      }
    }
  } catch (error) {
    if (!socket.closed) log(`socket stopped listening: ${(error as Error).message}`)
  }
}
