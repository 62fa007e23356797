/**
 * Owns the decision how a value shows itself: its own `Jupyter.display` or `toHtml`, else figures, pictures, tables, else text.
 * Never triggers a getter; a value whose own display fails shows as text with the reason.
 */
import { types } from 'node:util'
import type { MimeBundle } from '../model/run.ts'
import type { Shown } from './contract.ts'
import { isPlotlyFigure, showPlotly, showVega, vegaMime } from './figure.ts'
import { encodePng, imageMime, isPixels, toBase64 } from './image.ts'
import { isRecordList, recordTable } from './record-table.ts'
import { inspectText } from './text.ts'

/** A method of this name returns a MIME bundle, or a promise of one; shared with Deno's notebooks. */
export const displaySymbol: unique symbol = Symbol.for('Jupyter.display') as never

/** On values that have been shown already, such as the handle that `display` returns: as a result they show nothing. */
export const shownSymbol: unique symbol = Symbol.for('labflow.shown') as never

/** How a value shows as a result or in `display`; null for undefined, which shows nothing. */
export function toMimeBundle(value: unknown): Shown | null {
  if (value === undefined) return null
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || types.isProxy(value)) return asText(value)
  if (Object.hasOwn(value, shownSymbol)) return null
  try {
    return showObject(value) ?? asText(value)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { data: { 'text/plain': `${inspectText(value)}\n[its own display failed: ${reason}]` }, metadata: {} }
  }
}

/** As {@link toMimeBundle}, waiting for what takes time. */
export async function toFullMimeBundle(value: unknown): Promise<Shown | null> {
  const shown = toMimeBundle(value)
  return (await shown?.later) ?? shown
}

function asText(value: unknown): Shown {
  return { data: { 'text/plain': inspectText(value) }, metadata: {} }
}

function showObject(value: object): Shown | null {
  const own = findMethod(value, displaySymbol)
  if (own !== null) return showOwn(value, own)
  if (typeof value === 'function') return null
  if (types.isUint8Array(value)) {
    const mime = imageMime(value)
    if (mime !== null) return { data: { [mime]: toBase64(value), 'text/plain': `[${mime.slice(6).toUpperCase()} image, ${value.byteLength} bytes]` }, metadata: {} }
  }
  if (types.isNativeError(value) || types.isTypedArray(value) || types.isPromise(value)) return null
  if (isRecordList(value)) return { data: { 'text/html': recordTable(value), 'text/plain': inspectText(value) }, metadata: {} }
  if (isPixels(value)) {
    return { data: { 'image/png': toBase64(encodePng(value)), 'text/plain': `[image, ${value.width} × ${value.height} pixels]` }, metadata: {} }
  }
  if (vegaMime(value) !== null) return showVega(value)
  if (isPlotlyFigure(value)) return showPlotly(value)
  const toHtml = findMethod(value, 'toHtml')
  if (toHtml === null) return null
  const html = toHtml.call(value)
  return typeof html === 'string' ? { data: { 'text/html': html, 'text/plain': inspectText(value) }, metadata: {} } : null
}

function showOwn(value: object, method: (...args: unknown[]) => unknown): Shown {
  const answer = method.call(value)
  if (!types.isPromise(answer)) return bundleOf(answer, value)
  const later = answer.then(
    (bundle) => bundleOf(bundle, value),
    () => null,
  )
  return { ...asText(value), later }
}

function bundleOf(answer: unknown, value: unknown): Shown {
  if (answer === null || typeof answer !== 'object') throw new TypeError('[Symbol.for("Jupyter.display")]() must return an object of MIME types')
  const data: MimeBundle = { ...answer }
  if (Object.keys(data).length === 0) data['text/plain'] = inspectText(value)
  return { data, metadata: {} }
}

/** A method of the value or its classes, found by descriptors so that no getter runs. */
function findMethod(value: object, name: PropertyKey): ((...args: unknown[]) => unknown) | null {
  for (let holder: object | null = value; holder !== null && !types.isProxy(holder); holder = Object.getPrototypeOf(holder) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(holder, name)
    if (descriptor !== undefined) return typeof descriptor.value === 'function' ? (descriptor.value as (...args: unknown[]) => unknown) : null
  }
  return null
}
