/**
 * Owns the form of a Jupyter message on the wire: frames to message and back, with the HMAC-SHA256 signature. Pure.
 * Refuses unsigned, wrongly signed and unreadable frames: anyone who can reach the port could send code otherwise.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { userInfo } from 'node:os'
import { LabflowError } from '../../src/model/errors.ts'

/** Protocol version in every header and in kernel_info_reply. */
export const protocolVersion = '5.4'

/** Frames of one message beyond this are refused; real ones have 6 plus their buffers. */
const maxFrames = 10_000
const delimiter = Buffer.from('<IDS|MSG>')

export interface MessageHeader {
  msg_id: string
  msg_type: string
  session: string
  username: string
  date: string
  version: string
}

/** A message apart from its signature. `identities` route a reply back to who asked. */
export interface JupyterMessage {
  identities: readonly Uint8Array[]
  header: MessageHeader
  /** Empty object when nothing caused the message. */
  parentHeader: MessageHeader | Record<string, never>
  metadata: Record<string, unknown>
  content: Record<string, unknown>
  buffers: readonly Uint8Array[]
}

/** Makes the headers of one kernel process; ids are unique over all kernels. */
export function createHeaderSource(session: string = randomUUID()): (messageType: string) => MessageHeader {
  const username = currentUsername()
  let count = 0
  return (messageType) => ({
    msg_id: `${session}_${process.pid}_${count++}`,
    msg_type: messageType,
    session,
    username,
    date: new Date().toISOString(),
    version: protocolVersion,
  })
}

function currentUsername(): string {
  try {
    return userInfo().username
  } catch {
    return 'kernel' // containers run with user ids that have no name
  }
}

/** Signature of the four signed parts as lower-case hex; empty when the key is. */
export function signatureOf(key: string, parts: readonly (string | Uint8Array)[]): string {
  if (key === '') return ''
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}

/** Frames of a message, signed with the key. @throws TypeError when the content is no JSON (a cycle, a bigint). */
export function encodeMessage(message: JupyterMessage, key: string): (string | Uint8Array)[] {
  const parts = [message.header, message.parentHeader, message.metadata, message.content].map(toJson)
  return [...message.identities, delimiter, signatureOf(key, parts), ...parts, ...message.buffers]
}

/**
 * Reads the frames of a message.
 * @throws LabflowError BAD_MESSAGE saying what is wrong with it.
 */
export function decodeMessage(frames: readonly Uint8Array[], key: string): JupyterMessage {
  if (frames.length > maxFrames) throw badMessage(`${frames.length} frames, the limit is ${maxFrames}`)
  const at = frames.findIndex((frame) => frame.length === delimiter.length && delimiter.equals(frame))
  if (at < 0) throw badMessage('no delimiter frame')
  const [signature, ...signed] = frames.slice(at + 1, at + 6)
  if (signature === undefined || signed.length < 4) throw badMessage(`${frames.length - at - 1} frames after the delimiter, wanted are 5 or more`)
  if (key !== '' && !isSameText(signature, signatureOf(key, signed))) throw badMessage('wrong signature')
  const [header, parentHeader, metadata, content] = signed.map(readObject)
  return {
    identities: frames.slice(0, at),
    header: checkedHeader(header!),
    parentHeader: parentHeader as unknown as MessageHeader,
    metadata: metadata!,
    content: content!,
    buffers: frames.slice(at + 6),
  }
}

/**
 * JSON without lone surrogates: JSON.stringify writes them as escapes, Python reads those into text that it
 * cannot write again, and the whole message is lost on the way to the page.
 */
function toJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!json.includes('\\ud')) return json
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (match) => (match === '\\\\' ? match : '\\ufffd'))
}

function readObject(frame: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8'))
  } catch (error) {
    throw badMessage(`a part is not JSON (${(error as Error).message})`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badMessage('a part is no JSON object')
  return value as Record<string, unknown>
}

function checkedHeader(header: Record<string, unknown>): MessageHeader {
  for (const field of ['msg_id', 'msg_type'] as const) {
    if (typeof header[field] !== 'string' || header[field] === '') throw badMessage(`the header has no ${field}`)
  }
  return header as unknown as MessageHeader
}

function isSameText(frame: Uint8Array, expected: string): boolean {
  const wanted = Buffer.from(expected)
  return frame.length === wanted.length && timingSafeEqual(frame, wanted)
}

function badMessage(problem: string): LabflowError {
  return new LabflowError('BAD_MESSAGE', `Jupyter message dropped: ${problem}.`)
}
