/**
 * Owns what a command of the CLI is and how its words are read: one table of flags a command, unknown flags refused with the near match.
 */
import { parseArgs } from 'node:util'
import { nearMatch } from '../config/near-match.ts'
import { LabflowError } from '../model/errors.ts'

export interface Flag {
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  /** Placeholder of the value in the help, such as FILE. */
  value?: string
  help: string
}

export interface Command {
  name: string
  /** Such as `labflow logs RUN [--tail N]`. */
  usage: string
  summary: string
  flags: Record<string, Flag>
  /** Words that are no flags are passed on as they are, flags of a flow file too (`labflow run`). */
  isPassingUnknownFlags?: boolean
  /** @returns the exit code. */
  run(words: ParsedWords): Promise<number>
}

export interface ParsedWords {
  /** All words after the command's name, as typed. */
  words: string[]
  positionals: string[]
  flags: Record<string, string | boolean | (string | boolean)[] | undefined>
}

/** Reads the words after a command's name. @throws LabflowError BAD_OPTION naming the word and the flag that was meant. */
export function parseWords(command: Command, words: string[]): ParsedWords {
  const { positionals, values, tokens } = parseArgs({ args: words, options: command.flags, allowPositionals: true, strict: false, tokens: true })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const flag = command.flags[token.name]
    if (flag === undefined) {
      if (command.isPassingUnknownFlags) continue
      const near = nearMatch(token.name, Object.keys(command.flags))
      throw new LabflowError('BAD_OPTION', `${command.name} has no option ${token.rawName}${near === null ? '' : ` (did you mean --${near}?)`}: see labflow ${command.name} --help`)
    }
    if (flag.type === 'string' && (token.value === undefined || token.value === '')) {
      throw new LabflowError('BAD_OPTION', `${token.rawName} needs a value: ${token.rawName} ${flag.value ?? 'VALUE'}`)
    }
    if (flag.type === 'boolean' && token.value !== undefined) throw new LabflowError('BAD_OPTION', `${token.rawName} takes no value, and got "${token.value}"`)
  }
  return { positionals, flags: values, words }
}

/** Help text of one command. */
export function commandHelp(command: Command): string {
  const lines = Object.entries(command.flags).map(([name, flag]) => {
    const left = `  ${flag.short ? `-${flag.short}, ` : ''}--${name}${flag.type === 'string' ? ` ${flag.value ?? 'VALUE'}` : ''}`
    return `${left.padEnd(28)} ${flag.help}`
  })
  return [command.usage, '', command.summary, ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')
}
