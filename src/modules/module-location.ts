/**
 * Owns the two names of a loaded module: the URL with its content version that Node knows, and the path that people know.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const VERSION_KEY = 'v'

/** URL of a local module; version 1 has no query, so that stack traces stay plain. */
export function moduleUrl(path: string, version: number): string {
  const url = pathToFileURL(path)
  if (version > 1) url.searchParams.set(VERSION_KEY, String(version))
  return url.href
}

/** Path of a file URL (or of a path with a version query); null when it names no file. */
export function modulePath(url: string): string | null {
  if (url.startsWith('/')) return url.replace(/\?v=\d+$/, '')
  if (!url.startsWith('file:')) return null
  try {
    const parsed = new URL(url)
    parsed.search = ''
    parsed.hash = ''
    return fileURLToPath(parsed)
  } catch {
    return null
  }
}

/** Content version in a module's URL, 1 when there is none. */
export function moduleVersion(url: string): number {
  const match = /[?&]v=(\d+)/.exec(url)
  return match === null ? 1 : Number(match[1])
}

/** 1-based line in which a file imports a specifier; null when the file or the text is not there. */
export function importLine(path: string, specifier: string): number | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return null
  }
  const lines = text.split('\n')
  const quoted = [`'${specifier}'`, `"${specifier}"`, `\`${specifier}\``]
  const index = lines.findIndex((line) => !/^\s*(\/\/|\*)/.test(line) && quoted.some((word) => line.includes(word)))
  return index === -1 ? null : index + 1
}
