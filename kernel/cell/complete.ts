/**
 * Owns completion: magics and their options on magic lines, else TypeScript's answer merged with the session's live names.
 */
import { flagOf } from '../../src/config/option-table.ts'
import type { CompletionAnswer } from '../contract.ts'
import type { NotebookServices } from './magic.ts'
import { withoutMagics } from './magic-lines.ts'

type Match = CompletionAnswer['types'][number]

/** Never rejects; an engine that fails leaves the other sources. */
export async function completeCode(code: string, cursor: number, notebook: NotebookServices): Promise<CompletionAnswer> {
  const lineStart = code.lastIndexOf('\n', cursor - 1) + 1
  const line = code.slice(lineStart, cursor)
  if (/^\s*%{1,2}[\w-]*$/.test(line)) return magicNameAnswer(line, cursor, notebook)
  if (/^\s*%{1,2}\p{L}/u.test(line)) return magicLineAnswer(line, cursor, notebook)
  const body = withoutMagics(code, {
    isKnownName: (name) => notebook.names.has(name),
    isKnownCallable: () => false,
    hasRawBody: (name) => notebook.magics.some((magic) => magic.name === name && magic.hasRawBody === true),
  })
  const none: CompletionAnswer = { matches: [], start: cursor, end: cursor, types: [] }
  const [typed, live] = await Promise.all([
    notebook.language().then((language) => language.complete(body, cursor)).catch(() => none),
    liveAnswer(body, cursor, notebook),
  ])
  if (typed.matches.length === 0) return live
  // The two may disagree on what is being typed; then the type checker knows better.
  if (typed.start !== live.start) return typed
  const known = new Set(typed.matches)
  const added = live.types.filter(({ text }) => !known.has(text))
  return { ...typed, matches: [...typed.matches, ...added.map(({ text }) => text)], types: [...typed.types, ...added] }
}

function magicNameAnswer(line: string, cursor: number, { magics }: NotebookServices): CompletionAnswer {
  const typed = line.trimStart()
  const isCell = typed.startsWith('%%')
  const matches = magics.flatMap((magic) => {
    const forms = [...(magic.kinds.includes('line') && !isCell ? [`%${magic.name}`] : []), ...(magic.kinds.includes('cell') ? [`%%${magic.name}`] : [])]
    return forms.filter((form) => form.startsWith(typed) || form.startsWith(`%${typed}`)).map((text) => ({ text, type: 'magic', signature: magic.summary }))
  })
  return answer(matches, cursor - typed.length, cursor)
}

function magicLineAnswer(line: string, cursor: number, { magics, names }: NotebookServices): CompletionAnswer {
  const name = /^\s*%{1,2}([\w-]+)/.exec(line)?.[1]
  const magic = magics.find((candidate) => candidate.name === name)
  const word = /[^\s=]*$/.exec(line)?.[0] ?? ''
  if (!magic) return answer([], cursor, cursor)
  const options = magic.options.map((option) => ({ text: flagOf(option.name), type: 'option', signature: option.help }))
  const target = /^\s*%submit\s+([\p{ID_Continue}$]+)\s/u.exec(line)?.[1]
  const parameters = (target === undefined ? [] : (names.cell(target)?.analysis.parameters ?? [])).map((parameter) => ({ text: `${parameter.name}=`, type: 'parameter', signature: parameter.type }))
  const isCallable = ['submit', 'task', 'flow'].includes(magic.name) && target === undefined
  const callables = isCallable ? names.callables.map((text) => ({ text, type: 'function' })) : []
  return answer([...callables, ...parameters, ...options].filter(({ text }) => text.startsWith(word)), cursor - word.length, cursor)
}

/** Names of the notebook, or properties of a live value. */
async function liveAnswer(code: string, cursor: number, { names, session }: NotebookServices): Promise<CompletionAnswer> {
  const typed = /((?:[\p{ID_Start}$_][\p{ID_Continue}$]*\??\.)*)([\p{ID_Continue}$]*)$/u.exec(code.slice(0, cursor))
  const path = (typed?.[1] ?? '').replace(/\??\.$/, '')
  const word = typed?.[2] ?? ''
  const start = cursor - word.length
  if (path === '') {
    const isProperty = code[start - 1] === '.'
    const matches = isProperty || word === '' ? [] : names.all.filter((name) => name.startsWith(word)).map((text) => ({ text, type: 'instance' }))
    return answer(matches, start, cursor)
  }
  const live = await session.describe(path.replaceAll('?.', '.')).catch(() => null)
  const properties = (live?.properties ?? []).filter(({ name }) => name.startsWith(word) && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
  return answer(properties.map(({ name, kind }) => ({ text: name, type: kind })), start, cursor)
}

function answer(types: Match[], start: number, end: number): CompletionAnswer {
  return { matches: types.map(({ text }) => text), start, end, types }
}
