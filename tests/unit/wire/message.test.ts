/** Frames to message and back; who is refused. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOf, parseConnection } from '../../../kernel/wire/connection.ts'
import { createHeaderSource, decodeMessage, encodeMessage, type JupyterMessage } from '../../../kernel/wire/message.ts'
import { characterOffset, utf16Offset } from '../../../kernel/wire/text-offset.ts'

const headerOf = createHeaderSource('s')
const message = (content: Record<string, unknown>): JupyterMessage => ({
  identities: [Buffer.from('client')],
  header: headerOf('execute_request'),
  parentHeader: {},
  metadata: { a: 1 },
  content,
  buffers: [Buffer.from([1, 2, 3])],
})
const framesOf = (sent: JupyterMessage, key: string): Buffer[] => encodeMessage(sent, key).map((frame) => Buffer.from(frame as string))

test('a message comes back as it was sent, buffers and identities included', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (content) => {
      const sent = message(JSON.parse(JSON.stringify(content)) as Record<string, unknown>)
      expect(decodeMessage(framesOf(sent, 'key'), 'key')).toEqual(sent)
    }),
    { numRuns: 50 },
  )
})

test('a changed byte in any signed part is refused', () => {
  const frames = framesOf(message({ code: '1+1' }), 'key')
  for (const at of [3, 4, 5, 6]) {
    const changed = frames.map((frame) => Buffer.from(frame))
    changed[at]![changed[at]!.length - 2]! ^= 1
    expect(() => decodeMessage(changed, 'key')).toThrow(/wrong signature/)
  }
  expect(() => decodeMessage(framesOf(message({}), 'other'), 'key')).toThrow(/wrong signature/)
  expect(() => decodeMessage(framesOf(message({}), ''), 'key')).toThrow(/wrong signature/)
})

test('without a key messages are neither signed nor checked', () => {
  expect(decodeMessage(framesOf(message({ x: 1 }), ''), '').content).toEqual({ x: 1 })
})

test.each([
  [[], /no delimiter/],
  [['a', '<IDS|MSG>', ''], /wanted are 5/],
  [['<IDS|MSG>', '', '{', '{}', '{}', '{}'], /not JSON/],
  [['<IDS|MSG>', '', '[]', '{}', '{}', '{}'], /no JSON object/],
  [['<IDS|MSG>', '', '{}', '{}', '{}', '{}'], /no msg_id/],
  [['<IDS|MSG>', '', '{"msg_id":"1"}', '{}', '{}', '{}'], /no msg_type/],
])('unreadable frames %j are refused in words', (frames, problem) => {
  expect(() => decodeMessage(frames.map((frame) => Buffer.from(frame)), '')).toThrow(problem)
})

test('any bytes at all are read or refused, never worse', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (frames) => {
      const all = [Buffer.from('<IDS|MSG>'), ...frames.map((frame) => Buffer.from(frame))]
      expect(() => decodeMessage(all, '')).toThrow(/Jupyter message dropped/)
    }),
    { numRuns: 100 },
  )
})

test('offsets in characters and in UTF-16 units are each other’s way back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, at) => {
      const characters = Math.min(at, [...text].length)
      expect(characterOffset(text, utf16Offset(text, characters))).toBe(characters)
      expect(utf16Offset(text, characters)).toBe([...text].slice(0, characters).join('').length)
    }),
  )
  expect(utf16Offset('abc', 99)).toBe(3)
  expect(utf16Offset('abc', -1)).toBe(0)
  expect(utf16Offset('abc', Number.NaN)).toBe(0)
})

const good = { transport: 'tcp', ip: '127.0.0.1', shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5, key: 'k', signature_scheme: 'hmac-sha256' }

test('addresses: a colon for tcp, a dash for ipc, brackets for IPv6', () => {
  const connection = parseConnection(JSON.stringify(good), 'f')
  expect(addressOf(connection, 'heartbeat')).toBe('tcp://127.0.0.1:5')
  expect(addressOf({ ...connection, transport: 'ipc', ip: '/run/k' }, 'shell')).toBe('ipc:///run/k-1')
  expect(addressOf({ ...connection, ip: '::1' }, 'shell')).toBe('tcp://[::1]:1')
})

test.each([
  ['{', /not JSON/],
  ['3', /no object/],
  [JSON.stringify({ ...good, transport: 'udp' }), /transport is "udp"/],
  [JSON.stringify({ ...good, ip: undefined }), /ip is missing/],
  [JSON.stringify({ ...good, shell_port: '1' }), /shell_port is "1"/],
  [JSON.stringify({ ...good, hb_port: 70_000 }), /hb_port is 70000/],
  [JSON.stringify({ ...good, signature_scheme: 'hmac-md5' }), /hmac-md5/],
])('a bad connection file %s is refused with its field', (text, problem) => {
  expect(() => parseConnection(text, 'k.json')).toThrow(problem)
})
