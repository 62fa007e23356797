/**
 * Owns the raw memory of an encoding: each buffer is lifted once, however many views look at it, and only the part that is looked at,
 * so that neighbours in Node's buffer pool never reach a digest or a worker.
 */
import { types } from 'node:util'
import { VIEW_KINDS } from './tags.ts'
import type { ByteWriter } from './byte-writer.ts'

interface LiftedView { kind: number; buffer: ArrayBuffer; start: number; end: number; alignBytes: number; isPooled: boolean }
interface Segment { buffer: ArrayBuffer; start: number; end: number; alignBytes: number }

/** Index into VIEW_KINDS, or -1 for a subclass or an unknown view. */
export function viewKind(view: ArrayBufferView): number {
  if (Buffer.isBuffer(view)) return Object.getPrototypeOf(view) === Buffer.prototype ? VIEW_KINDS.indexOf('Buffer') : -1
  const name = types.isDataView(view) ? 'DataView' : (view as Uint8Array)[Symbol.toStringTag]
  const type = (globalThis as Record<string, unknown>)[name] as { prototype: object } | undefined
  return type && Object.getPrototypeOf(view) === type.prototype ? (VIEW_KINDS as readonly string[]).indexOf(name) : -1
}

export class BufferLifter {
  private readonly views: LiftedView[] = []
  private readonly wholes = new Map<ArrayBuffer, number>()

  /** Notes a view; returns its index in the table. */
  addView(view: ArrayBufferView, kind: number): number {
    const start = view.byteOffset
    const alignBytes = (view as Uint8Array).BYTES_PER_ELEMENT ?? 1
    const isPooled = Buffer.isBuffer(view)
    return this.views.push({ kind, buffer: view.buffer as ArrayBuffer, start, end: start + view.byteLength, alignBytes, isPooled }) - 1
  }

  /** Notes an ArrayBuffer that is itself a value; returns its index. */
  addBuffer(buffer: ArrayBuffer): number {
    const known = this.wholes.get(buffer)
    if (known !== undefined) return known
    this.wholes.set(buffer, this.wholes.size)
    return this.wholes.size - 1
  }

  /** Writes the tables of buffers and views behind the value, and gives the raw segments they point into. */
  finish(writer: ByteWriter): Uint8Array[] {
    const segments: Segment[] = [...this.wholes.keys()].map((buffer) => ({ buffer, start: 0, end: buffer.byteLength, alignBytes: 8 }))
    const placeOf = this.views.map((view) => placeIn(segments, view))
    for (const segment of segments) segment.start -= segment.start % segment.alignBytes
    writer.varint(this.wholes.size)
    writer.varint(segments.length)
    for (const segment of segments) writer.varint(segment.end - segment.start)
    writer.varint(this.views.length)
    this.views.forEach((view, index) => {
      const segment = placeOf[index]!
      writer.byte(view.kind)
      writer.varint(segments.indexOf(segment))
      writer.varint(view.start - segment.start)
      writer.varint(view.end - view.start)
    })
    return segments.map(({ buffer, start, end }) => new Uint8Array(buffer, start, end - start))
  }
}

/** The segment a view lies in, widened to hold it. Node's own Buffers share a pool, so theirs join only where they overlap. */
function placeIn(segments: Segment[], view: LiftedView): Segment {
  const found = segments.find((segment) => segment.buffer === view.buffer && (!view.isPooled || (view.start < segment.end && view.end > segment.start)))
  if (!found) {
    const segment = { buffer: view.buffer, start: view.start, end: view.end, alignBytes: view.alignBytes }
    segments.push(segment)
    return segment
  }
  found.start = Math.min(found.start, view.start)
  found.end = Math.max(found.end, view.end)
  found.alignBytes = Math.max(found.alignBytes, view.alignBytes)
  return found
}
