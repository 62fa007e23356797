/**
 * Owns finding the executor of a store, or starting one. Of two that start at once the store's lock lets one through,
 * and the other's starter connects to the winner.
 */
import { spawn } from 'node:child_process'
import { hostname } from 'node:os'
import type { Clock } from '../clock.ts'
import { systemClock } from '../clock.ts'
import { entryPath } from '../entry.ts'
import { LabflowError } from '../model/errors.ts'
import type { ErrorRecord } from '../model/errors.ts'
import { isOfStore, readExecutorFile } from '../wire/executor-file.ts'
import type { ExecutorFile } from '../wire/executor-file.ts'
import { makeFolder } from '../wire/private-folder.ts'
import { isSameProcess } from '../wire/process-identity.ts'

/** An executor that is not up by then is given up. */
const START_LIMIT_MS = 10_000
const LOOK_MS = 10

/** What a starting executor says in its one line. */
type Word = { word: 'ready' } | { word: 'busy' } | { word: 'failed'; error: ErrorRecord } | { word: 'silent' }

/** The living executor of a store on this machine; null when there is none. */
export function findExecutor(storeFolder: string): ExecutorFile | null {
  const file = readExecutorFile(storeFolder)
  return file !== null && file.host === hostname() && isOfStore(file, storeFolder) && isSameProcess(file.pid, file.startTime) ? file : null
}

/** The executor of a store, started when there is none. @throws LabflowError with the reason it could not start. */
export async function findOrStartExecutor(storeFolder: string, clock: Clock = systemClock): Promise<ExecutorFile> {
  const deadline = clock.monotonicMs() + START_LIMIT_MS
  for (;;) {
    const found = findExecutor(storeFolder)
    if (found !== null) return found
    const word = await start(storeFolder, deadline - clock.monotonicMs(), clock)
    if (word.word === 'failed') throw new LabflowError((word.error.code ?? 'EXECUTOR_UNREACHABLE') as LabflowError['code'], word.error.message)
    // The winner of the race holds the lock before it has written its file.
    for (let looks = 0; word.word === 'busy' && looks < 50 && findExecutor(storeFolder) === null; looks++) await clock.sleep(LOOK_MS)
    if (clock.monotonicMs() > deadline && findExecutor(storeFolder) === null) throw unreachable(storeFolder, word)
  }
}

function unreachable(storeFolder: string, word: Word): LabflowError {
  const file = readExecutorFile(storeFolder)
  if (word.word === 'busy' && file !== null && file.host !== hostname()) {
    return new LabflowError('EXECUTOR_UNREACHABLE',
      `The executor of ${storeFolder} runs on the machine ${file.host}: work there, end it there with \`labflow executor stop\`, or set LABFLOW_HOME to another folder.`)
  }
  const why = word.word === 'busy' ? 'another process holds its lock and does not answer' : 'a new one did not come up'
  return new LabflowError('EXECUTOR_UNREACHABLE', `No executor for ${storeFolder} within ${START_LIMIT_MS / 1000} s: ${why}. ${storeFolder}/executor.log says more.`)
}

function start(storeFolder: string, limitMs: number, clock: Clock): Promise<Word> {
  try {
    makeFolder(storeFolder)
  } catch (error) {
    const message = `The store folder ${storeFolder} cannot be made (${(error as Error).message}): make its parent writable or set LABFLOW_HOME to a folder that is.`
    return Promise.resolve({ word: 'failed', error: { name: 'LabflowError', code: 'STORE_READ_ONLY', message, traceback: [] } })
  }
  const child = spawn(process.execPath, [entryPath('src/executor/main'), storeFolder], { detached: true, stdio: ['ignore', 'ignore', 'pipe'], cwd: storeFolder })
  return new Promise((resolve) => {
    let text = ''
    const finish = (word: Word): void => {
      timer.stop()
      child.stderr.destroy()
      child.removeAllListeners()
      child.unref()
      resolve(word)
    }
    const timer = clock.after(Math.max(100, limitMs), () => finish({ word: 'silent' }))
    child.on('error', (error) => finish(failed(`could not be started: ${error.message}`)))
    child.on('close', (code, signal) => finish(wordIn(text) ?? failed(`ended at its start (${signal ?? `exit code ${code}`}): ${text.trim().slice(0, 1_000)}`)))
    child.stderr.setEncoding('utf8')
    child.stderr.on('data', (chunk: string) => {
      text += chunk
      const word = wordIn(text)
      if (word !== null) finish(word)
    })
  })
}

function failed(words: string): Word {
  return { word: 'failed', error: { name: 'LabflowError', code: 'EXECUTOR_UNREACHABLE', message: `The executor ${words}`, traceback: [] } }
}

/** The announcement among what was written so far; Node may have printed warnings before it. */
function wordIn(text: string): Word | null {
  for (const line of text.split('\n').slice(0, -1)) {
    if (!line.startsWith('{"word":')) continue
    try {
      return JSON.parse(line) as Word
    } catch {
      return null
    }
  }
  return null
}
