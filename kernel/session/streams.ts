/**
 * Owns console, process.stdout and process.stderr of the session: each write becomes a stream message of the cell that caused it, in order.
 * Refuses to cut a character: bytes of an unfinished UTF-8 sequence wait for the rest.
 */
import { StringDecoder } from 'node:string_decoder'
import process from 'node:process'
import { currentCellId } from './cell-context.ts'
import type { Outlet } from './outlet.ts'

type StreamName = 'stdout' | 'stderr'
type WriteCallback = (error?: Error | null) => void

/** Takes over both streams for the life of the process. */
export function captureStreams(outlet: Outlet): void {
  capture('stdout', process.stdout, outlet)
  capture('stderr', process.stderr, outlet)
}

function capture(name: StreamName, stream: NodeJS.WriteStream, outlet: Outlet): void {
  /** One decoder at a time: bytes of another cell end what the former left unfinished. */
  let decoder = new StringDecoder('utf8')
  let decoderCell: string | null = null
  const send = (cellId: string | null, text: string): void => {
    if (text !== '') outlet.send({ type: 'stream', cellId, name, text })
  }

  function decode(cellId: string | null, bytes: Uint8Array): string {
    if (cellId !== decoderCell) {
      send(decoderCell, decoder.end())
      decoder = new StringDecoder('utf8')
      decoderCell = cellId
    }
    return decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  }

  stream.write = ((chunk: string | Uint8Array, encoding?: BufferEncoding | WriteCallback, callback?: WriteCallback): boolean => {
    const done = typeof encoding === 'function' ? encoding : callback
    const cellId = currentCellId()
    if (typeof chunk === 'string') {
      const isText = typeof encoding !== 'string' || /^utf-?8$/i.test(encoding)
      send(cellId, isText ? chunk : decode(cellId, Buffer.from(chunk, encoding as BufferEncoding)))
    } else send(cellId, decode(cellId, chunk))
    if (done !== undefined) process.nextTick(done)
    return true
  }) as typeof stream.write
}
