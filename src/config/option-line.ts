/**
 * Owns the reading of a magic's line: words, `--options` and `name=value` parameters.
 * Refuses what it does not know, naming the nearest thing it does.
 */
import { LabflowError } from '../model/errors.ts'
import { nearMatch } from './near-match.ts'
import { flagOf, type GivenOptions, type OptionSpec } from './option-table.ts'

/** A line taken apart. */
export interface OptionLine<Options = GivenOptions> {
  words: string[]
  options: Options
  /** `name=value` in order; values as JSON where they read as such, else text. */
  parameters: Record<string, unknown>
}

/** What else a line may hold. */
export interface LineShape {
  /** The magic, for messages: `%%task`. */
  magic: string
  /** How many plain words it takes. */
  maxWords: number
  /** Whether `name=value` is a parameter. */
  hasParameters?: boolean
}

/** @throws LabflowError BAD_OPTION for an unknown option, a missing or bad value, a word too many. */
export function parseOptionLine<Options = GivenOptions>(line: string, specs: readonly OptionSpec[], shape: LineShape): OptionLine<Options> {
  const tokens = cutTokens(line, shape.magic)
  const result: OptionLine<Options> = { words: [], options: {} as Options, parameters: {} }
  const options = result.options as Record<string, unknown>
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as string
    if (token.startsWith('--') && token.length > 2) {
      const equals = token.indexOf('=')
      const flag = equals === -1 ? token : token.slice(0, equals)
      const spec = findSpec(flag, specs, shape.magic)
      let text = equals === -1 ? null : unquote(token.slice(equals + 1))
      if (text === null && spec.value === 'required') {
        const next = tokens[index + 1]
        if (next === undefined || next.startsWith('--')) throw missingValue(spec)
        text = unquote(next)
        index++
      }
      if (text !== null && spec.value === 'none') throw new LabflowError('BAD_OPTION', `${flagOf(spec.name)} takes no value, but got "${text}"`)
      if (text === '') throw missingValue(spec)
      const value = spec.parse(text)
      const before = options[spec.name]
      options[spec.name] = spec.isRepeatable && Array.isArray(before) ? [...before, ...(value as unknown[])] : value
    } else {
      const parameter = shape.hasParameters ? /^([\p{ID_Start}$_][\p{ID_Continue}$]*)=(.*)$/su.exec(token) : null
      if (parameter) result.parameters[parameter[1] as string] = readValue(parameter[2] as string, parameter[1] as string)
      else result.words.push(unquote(token))
    }
  }
  checkWords(result.words, shape)
  return result
}

function findSpec(flag: string, specs: readonly OptionSpec[], magic: string): OptionSpec {
  const spec = specs.find((candidate) => flagOf(candidate.name) === flag)
  if (spec) return spec
  const flags = specs.map((candidate) => flagOf(candidate.name))
  const near = nearMatch(flag, flags)
  const hint = near ? `did you mean ${near}?` : flags.length > 0 ? `it takes ${flags.join(' ')}` : 'it takes no options'
  throw new LabflowError('BAD_OPTION', `${magic} has no option ${flag}: ${hint}`)
}

function missingValue(spec: OptionSpec): LabflowError {
  return new LabflowError('BAD_OPTION', `${flagOf(spec.name)} needs a value: ${flagOf(spec.name)}${spec.value === 'optional' ? '=' : ' '}${spec.form}`)
}

function checkWords(words: string[], shape: LineShape): void {
  if (words.length <= shape.maxWords) return
  const extra = words[shape.maxWords] as string
  const hint = extra.startsWith('-') ? ' (options begin with two dashes)' : shape.hasParameters ? ' (parameters are written name=value, without spaces around =)' : ''
  const takes = shape.maxWords === 0 ? 'no name' : shape.maxWords === 1 ? 'one name' : `${shape.maxWords} names`
  throw new LabflowError('BAD_OPTION', `${shape.magic} takes ${takes} at most, so "${extra}" is too much${hint}`)
}

/** Cuts at blanks outside quotes and brackets. @throws LabflowError BAD_OPTION for a quote or bracket left open. */
export function cutTokens(line: string, magic: string): string[] {
  const tokens: string[] = []
  let token = ''
  let quote = ''
  const open: string[] = []
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string
    if (quote !== '') {
      if (char === '\\') token += char + (line[++at] ?? '')
      else {
        token += char
        if (char === quote) quote = ''
      }
      continue
    }
    if (/\s/.test(char) && open.length === 0) {
      if (token !== '') tokens.push(token)
      token = ''
      continue
    }
    // An apostrophe inside a word (it's) is no quote.
    if (char === '"' || (char === "'" && (token === '' || /[=,:[{(\s]$/.test(token)))) quote = char
    // Brackets hold a parameter's value together; in the pattern of an option they mean nothing.
    else if ('[{'.includes(char) && token.includes('=')) open.push(char)
    else if (']}'.includes(char)) open.pop()
    token += char
  }
  if (quote !== '') throw new LabflowError('BAD_OPTION', `${magic}: a ${quote} is never closed in: ${line}`)
  if (open.length > 0) throw new LabflowError('BAD_OPTION', `${magic}: a ${open[0]} is never closed in: ${line}`)
  if (token !== '') tokens.push(token)
  return tokens
}

function unquote(text: string): string {
  const quoted = /^(["'])([^]*)\1$/.exec(text)
  return quoted ? (quoted[2] as string).replace(/\\(["'\\])/g, '$1') : text
}

/**
 * Reads a parameter's value: JSON, with single quotes, unquoted keys and trailing commas allowed; a bare word is text.
 * @throws LabflowError BAD_OPTION when brackets hold what is neither.
 */
export function readValue(text: string, name: string): unknown {
  if (/^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text.replaceAll('_', ''))
  if (/^'[^]*'$/.test(text)) return unquote(text)
  const json = toJson(text)
  try {
    return JSON.parse(json)
  } catch {
    if (/^[[{"]/.test(text)) throw new LabflowError('BAD_OPTION', `${name}=${text} cannot be read: write numbers, "text", true, false, null, [1, 2] or {a: 1}`)
    return text
  }
}

/** Rewrites the relaxed notation to JSON, leaving the inside of strings alone. */
function toJson(text: string): string {
  const strings: string[] = []
  const bare = text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, (string) => {
    strings.push(string.startsWith("'") ? JSON.stringify(unquote(string)) : string)
    return `\u0000${strings.length - 1}\u0000`
  })
  const strict = bare.replace(/([{,]\s*)([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*:/gu, '$1"$2":').replace(/,\s*([\]}])/g, '$1')
  return strict.replace(/\u0000(\d+)\u0000/g, (_, index: string) => strings[Number(index)] as string)
}
