/**
 * Owns `logger`: log lines of the current run, kept with it and shown by `%logs`.
 */
import { inspect } from 'node:util'
import type { LogLevel } from '../model/run.ts'
import { reportSink } from './context.ts'

type Log = (...words: unknown[]) => void

function at(level: LogLevel): Log {
  return (...words) => reportSink().log(level, words.map((word) => (typeof word === 'string' ? word : inspect(word, { depth: 3, breakLength: 120 }))).join(' '))
}

/** Writes a line at a level; values that are no text are shown as console.log does. */
export const logger: Record<LogLevel, Log> = { debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error') }
