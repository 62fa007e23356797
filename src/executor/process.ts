/**
 * Owns the executor's process, started as `node main.ts STORE_FOLDER`. Its only word to whoever started it is one JSON line on stderr
 * (ready, busy or the error), after which stderr is closed; from then on it writes to its log file.
 */
import { closeSync, openSync, realpathSync, writeSync } from 'node:fs'
import { systemClock } from '../clock.ts'
import { isLabflowError } from '../model/errors.ts'
import { inStoreWords, storeError } from '../store/open.ts'
import { makeFolder } from '../wire/private-folder.ts'
import { Executor } from './executor.ts'
import { toRecord } from './requests.ts'
import { readSettings } from './settings.ts'

/** Exit code of an executor that found another one at work. */
const EXIT_BUSY = 75

process.umask(0o077)

function announce(word: object): void {
  try {
    writeSync(2, `${JSON.stringify(word)}\n`)
  } catch {
    // Whoever started it is gone already.
  }
}

/** Lets go of the starter's pipe: it must not be held open by a process that outlives it. */
function closeStderr(): void {
  closeSync(2)
  openSync('/dev/null', 'w')
}

async function main(): Promise<void> {
  const folder = process.argv[2]
  if (folder === undefined) {
    announce({ word: 'failed', error: toRecord(new Error('the store folder is missing from the command line')) })
    process.exit(1)
  }
  try {
    makeFolder(folder)
  } catch (error) {
    throw storeError(error, folder)
  }
  const executor = new Executor(realpathSync(folder), readSettings(process.env), systemClock, (exitCode) => process.exit(exitCode))
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void executor.end(0))
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (error: unknown) => executor.fail(error))
  await executor.start()
  announce({ word: 'ready' })
  closeStderr()
}

main().catch((error: unknown) => {
  const isBusy = isLabflowError(error) && error.code === 'STORE_BUSY'
  announce(isBusy ? { word: 'busy' } : { word: 'failed', error: toRecord(inStoreWords(error, process.argv[2] ?? '')) })
  process.exit(isBusy ? EXIT_BUSY : 1)
})
