/**
 * Owns how words of a command line become the parameters of a flow: matched by name, read by their TypeScript type,
 * refused with name, type and value before anything starts.
 */
import type { FlowSignature, SignatureParameter } from '../code/flow-signature.ts'
import { nearMatch } from '../config/near-match.ts'
import { LabflowError } from '../model/errors.ts'
import { parseParameterText } from './notebook-parameters.ts'

/** Help text of a flow file's entry: its parameters with types, defaults and words. */
export function signatureHelp(path: string, signature: FlowSignature, others: FlowSignature[]): string {
  const parameters = signature.parameters ?? []
  const lines = parameters.map((parameter) => {
    const left = `  --${parameter.name} <${parameter.type}>`
    const fallback = parameter.defaultText === null ? (parameter.isOptional ? '' : ' (required)') : ` (${parameter.defaultText})`
    return `${left.padEnd(40)} ${parameter.help}${fallback}`.trimEnd()
  })
  const also = others.filter((other) => other !== signature).map((other) => `  ${path}:${other.exportName}`.padEnd(40) + ` ${other.kind} ${other.name}`)
  return [
    `labflow run ${path}${others.length > 1 ? `:${signature.exportName}` : ''} [--PARAMETER VALUE …]`,
    '',
    `${signature.kind} ${signature.name}${signature.help === '' ? '' : `: ${signature.help}`}`,
    ...(lines.length > 0 ? ['', ...lines] : []),
    ...(also.length > 0 ? ['', 'The file also has:', ...also] : []),
  ].join('\n')
}

/**
 * Parameters from words such as `--eps 0.5 --ids=1,2 --quick`.
 * @throws LabflowError BAD_PARAMETER for an unknown name, a missing one, or a value that is not of the type.
 */
export function readArguments(words: string[], signature: FlowSignature): Record<string, unknown> {
  const known = new Map((signature.parameters ?? []).map((parameter) => [parameter.name, parameter]))
  const given: Record<string, unknown> = {}
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (!word.startsWith('--')) throw new LabflowError('BAD_PARAMETER', `"${word}" is no parameter: write --name value`)
    const [rawName = '', inline] = splitOnce(word.slice(2))
    const parameter = known.get(rawName) ?? known.get(camelCase(rawName))
    if (parameter === undefined) {
      const near = nearMatch(rawName, known.keys())
      throw new LabflowError('BAD_PARAMETER', `${signature.kind} ${signature.name} has no parameter "${rawName}"${near === null ? '' : ` (did you mean --${near}?)`}; it has ${[...known.keys()].join(', ') || 'none'}`)
    }
    const isSwitch = parameter.type === 'boolean' && inline === undefined && !/^(true|false)$/.test(words[at + 1] ?? '')
    const text = inline ?? (isSwitch ? 'true' : words[++at])
    if (text === undefined) throw new LabflowError('BAD_PARAMETER', `--${parameter.name} needs a value of type ${parameter.type}`)
    given[parameter.name] = readValue(text, parameter)
  }
  const missing = [...known.values()].filter((parameter) => !parameter.isOptional && !(parameter.name in given))
  if (missing.length > 0) throw new LabflowError('BAD_PARAMETER', `missing ${missing.map((parameter) => `--${parameter.name} <${parameter.type}>`).join(', ')}`)
  return given
}

/** One value by its type's text; types that are not understood take JSON, else text. */
export function readValue(text: string, parameter: Pick<SignatureParameter, 'name' | 'type'>): unknown {
  const type = parameter.type.replace(/\s*\|\s*(undefined|null)\b/g, '').replace(/^readonly\s+/, '')
  const refuse = (): never => {
    throw new LabflowError('BAD_PARAMETER', `${parameter.name} must be ${parameter.type}, and got "${text}"`)
  }
  const list = /^(?:Array<(.+)>|\((.+)\)\[\]|([^|]+)\[\])$/.exec(type)
  if (list !== null) {
    const element = { name: parameter.name, type: list[1] ?? list[2] ?? list[3] ?? 'unknown' }
    if (text.trim().startsWith('[')) {
      const values = parseParameterText(text)
      if (!Array.isArray(values)) return refuse()
      return values.map((value) => readValue(typeof value === 'string' ? value : JSON.stringify(value), element))
    }
    return text === '' ? [] : text.split(',').map((part) => readValue(part.trim(), element))
  }
  if (type === 'number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : refuse()
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : refuse()
  if (type === 'string') return text
  const literals = [...type.matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2])
  if (literals.length > 0 && /^(\s*\|?\s*('[^']*'|"[^"]*"))+$/.test(type)) return literals.includes(text) ? text : refuse()
  return parseParameterText(text)
}

function splitOnce(word: string): [string, string | undefined] {
  const at = word.indexOf('=')
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

/** `num-neighbors` as `numNeighbors`. */
function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
