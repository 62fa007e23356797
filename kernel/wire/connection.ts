/**
 * Owns the connection file: which sockets the kernel binds, where, and with which key messages are signed.
 * Refuses a file that lacks a field, names an unknown signature scheme, or is not JSON.
 */
import { readFileSync } from 'node:fs'
import { LabflowError } from '../../src/model/errors.ts'

/** The five sockets of a Jupyter kernel. */
export type ChannelName = 'shell' | 'control' | 'stdin' | 'iopub' | 'heartbeat'

/** A connection file, checked. */
export interface Connection {
  transport: 'tcp' | 'ipc'
  ip: string
  ports: Readonly<Record<ChannelName, number>>
  /** HMAC key; empty: messages are not signed. */
  key: string
}

const portFields: Record<ChannelName, string> = {
  shell: 'shell_port',
  control: 'control_port',
  stdin: 'stdin_port',
  iopub: 'iopub_port',
  heartbeat: 'hb_port',
}

/**
 * Reads a connection file.
 * @throws LabflowError BAD_CONFIG naming the file and the field that is wrong.
 */
export function readConnection(path: string): Connection {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new LabflowError('BAD_CONFIG', `Cannot read the connection file ${path}: ${(error as Error).message}`, { cause: error })
  }
  return parseConnection(text, path)
}

/**
 * Checks the text of a connection file; `path` is only for the message.
 * @throws LabflowError BAD_CONFIG
 */
export function parseConnection(text: string, path: string): Connection {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new LabflowError('BAD_CONFIG', `The connection file ${path} is not JSON: ${(error as Error).message}`, { cause: error })
  }
  const refuse = (problem: string): never => {
    throw new LabflowError('BAD_CONFIG', `The connection file ${path} cannot be used: ${problem}.`)
  }
  if (typeof fields !== 'object' || fields === null) refuse('it holds no object')
  const transport = fields['transport'] ?? 'tcp'
  if (transport !== 'tcp' && transport !== 'ipc') return refuse(`transport is ${JSON.stringify(transport)}, known are tcp and ipc`)
  const { ip, key = '' } = fields
  if (typeof ip !== 'string' || ip === '') return refuse('ip is missing')
  if (typeof key !== 'string') return refuse('key is no text')
  const scheme = fields['signature_scheme'] ?? 'hmac-sha256'
  if (key !== '' && scheme !== 'hmac-sha256') refuse(`signature_scheme is ${JSON.stringify(scheme)}, known is hmac-sha256`)
  const ports = {} as Record<ChannelName, number>
  for (const [channel, field] of Object.entries(portFields) as [ChannelName, string][]) {
    const port = fields[field]
    if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65_535) refuse(`${field} is ${JSON.stringify(port)}, wanted is 1 to 65535`)
    ports[channel] = port as number
  }
  return { transport, ip, ports, key }
}

/** ZeroMQ address of one socket: `tcp://ip:port`, or `ipc://path-port` (a dash: Jupyter's rule). */
export function addressOf(connection: Connection, channel: ChannelName): string {
  const port = connection.ports[channel]
  if (connection.transport === 'ipc') return `ipc://${connection.ip}-${port}`
  const host = connection.ip.includes(':') && !connection.ip.startsWith('[') ? `[${connection.ip}]` : connection.ip
  return `tcp://${host}:${port}`
}
