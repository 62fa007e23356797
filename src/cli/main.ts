/**
 * Owns the `labflow` command: the table of commands, help, and the one place where an error becomes a sentence and an exit code.
 * Refuses to print a stack trace of its own, unless LABFLOW_DEBUG=1 asks for it.
 */
import { isLabflowError } from '../model/errors.ts'
import { version } from '../version.ts'
import { nearMatch } from '../config/near-match.ts'
import { commandHelp, parseWords, type Command } from './command.ts'

/** Loaded one by one, so that `labflow runs` never pays for the notebook runner. */
const COMMANDS: Record<string, () => Promise<{ command: Command }>> = {
  install: () => import('./commands/install.ts'),
  uninstall: () => import('./commands/uninstall.ts'),
  run: () => import('./commands/run.ts'),
  runs: () => import('./commands/runs.ts'),
  logs: () => import('./commands/logs.ts'),
  cancel: () => import('./commands/cancel.ts'),
  executor: () => import('./commands/executor.ts'),
  doctor: () => import('./commands/doctor.ts'),
}

async function main(words: string[]): Promise<number> {
  const [name, ...rest] = words
  if (name === '--version' || name === '-v') {
    console.log(version)
    return 0
  }
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await help(rest[0]))
    return 0
  }
  const load = COMMANDS[name]
  if (load === undefined) {
    const near = nearMatch(name, Object.keys(COMMANDS))
    console.error(`labflow has no command "${name}"${near === null ? '' : ` (did you mean ${near}?)`}: see labflow --help`)
    return 2
  }
  const { command } = await load()
  if (rest.some((word) => word === '--help' || word === '-h') && !command.isPassingUnknownFlags) {
    console.log(commandHelp(command))
    return 0
  }
  return command.run(parseWords(command, rest))
}

async function help(name: string | undefined): Promise<string> {
  const asked = name === undefined ? undefined : COMMANDS[name]
  if (asked !== undefined) return commandHelp((await asked()).command)
  const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()))
  const lines = commands.map(({ command }) => `  ${command.name.padEnd(12)} ${command.summary}`)
  return [`labflow ${version}: TypeScript notebooks whose heavy cells run in the background`, '', ...lines, '', 'labflow COMMAND --help tells more; labflow --version tells the version.'].join('\n')
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (process.env.LABFLOW_DEBUG === '1') console.error(error)
  else if (isLabflowError(error)) console.error(`labflow: ${error.message}`)
  else console.error(`labflow: unexpected error, ${(error as Error).message}; run again with LABFLOW_DEBUG=1 for the trace`)
  process.exitCode = isLabflowError(error) && error.code === 'BAD_OPTION' ? 2 : 1
}
