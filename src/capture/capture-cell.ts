/**
 * Owns capturing a cell: what it uses travels, what it hands back is known before it starts, and a change of a captured value in place
 * is refused before anything runs.
 */
import { LabflowError } from '../model/errors.ts'
import { previewValue } from '../values/preview.ts'
import { childrenOf, identifierName, nodeIn, nodesIn, parseModule } from '../code/parse.ts'
import { unexported } from '../code/definitions.ts'
import { analyzeScopes, patternNames } from '../code/scope.ts'
import { isKnownGlobal } from '../code/globals.ts'
import { ClosureBuilder } from './closure.ts'
import { entrySource } from './entry-source.ts'
import { closureFingerprint, cacheKeyOf } from './fingerprint.ts'
import { encodeInputs, notingCodec } from './inputs.ts'
import type { CellAnalysis, RecordedDefinition } from '../code/contract.ts'
import type { Definition, RunKind, TypedPlace } from '../model/run.ts'
import type { CodecContext } from '../values/codec.ts'
import type { NamedArgument } from './inputs.ts'
import type { Capture, NameScope } from './contract.ts'
import type { AstNode } from '../code/parse.ts'
import type { NameUse } from '../code/scope.ts'
import type { WantedName } from './closure.ts'

/** What {@link captureCell} works on. */
export interface CellCaptureRequest {
  analysis: CellAnalysis
  scope: NameScope
  /** File name of the cell in stack traces; absolute, inside the notebook's folder. */
  filename: string
  /** More names to send, as `--in a,b` says. */
  extraInputs?: readonly string[]
  /** More names to hand back, as `--out a,b` says. */
  extraOutputs?: readonly string[]
  /** Values in place of the literals of parameters. */
  parameterValues?: Readonly<Record<string, unknown>>
  /** `flow` lists the literal parameters among the run's parameters; default `task`. */
  kind?: RunKind
  codec?: CodecContext
}

/**
 * Captures a cell for a worker.
 * @throws LabflowError MUTATES_INPUT, CANNOT_CAPTURE, CANNOT_ENCODE, BAD_PARAMETER, NO_SUCH_NAME.
 */
export async function captureCell(request: CellCaptureRequest): Promise<Capture & { outputs: string[] }> {
  const { analysis, scope, filename } = request
  const parameterValues = request.parameterValues ?? {}
  const { uses } = analyzeScopes(parseModule(analysis.javascript))
  const bound = new Set([...analysis.declared, ...analysis.imports.map((binding) => binding.local)])
  const outputs = outputNames(request, bound)
  refuseInPlaceChanges(analysis, scope, outputs)
  const overwritten = overwrittenNames(analysis, uses)

  const closure = new ClosureBuilder(scope, bound, namesSetFirst(analysis))
  closure.addImports(analysis.imports)
  closure.add(wantedNames(analysis, request.extraInputs ?? [], uses, overwritten))
  for (const name of outputs) {
    if (bound.has(name) || closure.has(name)) continue
    if (overwritten.has(name)) closure.addUnset(name)
    else closure.add([{ name, isGuarded: false }])
  }
  const { encoded, parts } = settle(closure, [], request.codec ?? {})
  const { source, typedLines } = entrySource(analysis, parameterValues, closure.shared)
  const functionOutputs = analysis.definitions.filter((definition) => outputs.includes(definition.name) && (isCode(definition.kind) || definition.madeBy)).map((definition) => definition.name)
  const entry = { kind: 'cell' as const, source, outputs, functionOutputs, filename, ...typedEntry(analysis, typedLines, filename) }
  const { fingerprint, parts: fingerprintParts } = closureFingerprint({ entry, imports: parts.imports, definitions: parts.definitions, folder: scope.folder })
  const literals = request.kind === 'flow' ? Object.fromEntries(analysis.parameters.map(({ name, value }) => [name, previewValue(value)])) : {}
  const given = Object.fromEntries(Object.entries(parameterValues).map(([name, value]) => [name, previewValue(value)]))
  return {
    code: { imports: parts.imports, definitions: parts.definitions.map(toDefinition), entry, folder: scope.folder, fingerprint, fingerprintParts },
    inputs: encoded.inputs,
    inputDigests: encoded.inputDigests,
    cacheKey: cacheKeyOf(fingerprint, encoded.inputDigests, encoded.structure),
    parameters: { ...literals, ...given, ...encoded.parameters },
    outputs,
  }
}

function typedEntry(analysis: CellAnalysis, lines: number[] | undefined, filename: string): { typed?: TypedPlace } {
  if (lines === undefined || analysis.typed === undefined) return {}
  const texts = analysis.typed.split('\n')
  return { typed: { filename, lines, texts: lines.map((line) => texts[line - 1] ?? '') } }
}

function isCode(kind: string): boolean {
  return kind === 'function' || kind === 'class' || kind === 'const-function' || kind === 'namespace'
}

/** Declared names, assigned notebook names, and those that `--out` adds. */
function outputNames(request: CellCaptureRequest, bound: ReadonlySet<string>): string[] {
  const { analysis, scope } = request
  const outputs = new Set(analysis.declared)
  for (const name of analysis.assigned) {
    const { kind } = scope.lookup(name)
    if (kind === 'unknown' && !isKnownGlobal(name)) {
      throw new LabflowError('CANNOT_CAPTURE', `\`${name}\` is assigned here, but neither this cell nor the notebook declares it. Write let ${name} = … .`, { detail: { name } })
    }
    if (kind !== 'unknown') outputs.add(name)
  }
  for (const name of request.extraOutputs ?? []) {
    if (!bound.has(name) && scope.lookup(name).kind === 'unknown') {
      throw new LabflowError('NO_SUCH_NAME', `--out ${name}: neither this cell nor the notebook has a variable ${name}.`, { detail: { name } })
    }
    outputs.add(name)
  }
  return [...outputs]
}

function refuseInPlaceChanges(analysis: CellAnalysis, scope: NameScope, outputs: readonly string[]): void {
  for (const { name, text, line } of analysis.mutations) {
    if (outputs.includes(name) || analysis.imports.some((binding) => binding.local === name)) continue
    const { kind } = scope.lookup(name)
    if (kind === 'import' || kind === 'unknown' || isKnownGlobal(name)) continue
    const message = `\`${name}\` is changed here (line ${line}: ${text}), but a task works on a copy: assign a new value (${name} = …) or add --out ${name}.`
    throw new LabflowError('MUTATES_INPUT', message, { detail: { name, line, text } })
  }
}

function wantedNames(analysis: CellAnalysis, extraInputs: readonly string[], uses: readonly NameUse[], overwritten: ReadonlySet<string>): WantedName[] {
  const unguarded = new Set(uses.filter((use) => use.access !== 'typeof').map((use) => use.name))
  const wanted = analysis.freeNames.filter((name) => !overwritten.has(name)).map((name) => ({ name, isGuarded: !unguarded.has(name) }))
  return [...wanted, ...extraInputs.map((name) => ({ name, isGuarded: false }))]
}

/** Names whose first use is a plain assignment at the top level: their old value is never read, so it is no input. */
function overwrittenNames(analysis: CellAnalysis, uses: readonly NameUse[]): Set<string> {
  const names = new Set<string>()
  for (const statement of nodesIn(parseModule(analysis.javascript), 'body')) {
    const expression = statement.type === 'ExpressionStatement' ? nodeIn(statement, 'expression') : null
    if (expression?.type !== 'AssignmentExpression' || expression.operator !== '=') continue
    const target = nodeIn(expression, 'left')
    for (const name of patternNames(target)) {
      const isReadBefore = uses.some((use) => use.name === name && use.access !== 'write' && use.start < statement.end)
      // A function of the cell may run before the assignment and read the old value.
      const isReadInFunction = analysis.definitions.some((definition) => definition.freeNames.includes(name))
      if (analysis.assigned.includes(name) && !isReadBefore && !isReadInFunction) names.add(name)
    }
  }
  return names
}

/** Declared names that are set before the cell calls anything, so that no helper can see what they stood for earlier. */
function namesSetFirst(analysis: CellAnalysis): Set<string> {
  const names = new Set<string>()
  let mayHaveCalled = false
  for (const statement of nodesIn(parseModule(analysis.javascript), 'body')) {
    const node = unexported(statement)
    if (node?.type === 'FunctionDeclaration') names.add(identifierName(nodeIn(node, 'id')) ?? '')
    else if (node) mayHaveCalled ||= mayCall(node)
    if (!mayHaveCalled && node?.type === 'VariableDeclaration') for (const declarator of nodesIn(node, 'declarations')) patternNames(nodeIn(declarator, 'id')).forEach((name) => names.add(name))
  }
  return names
}

/** Whether evaluating a statement can run other code. Getters may too; they are left out, being no helpers of a notebook. */
function mayCall(node: AstNode): boolean {
  if (/^(CallExpression|NewExpression|TaggedTemplateExpression|AwaitExpression|YieldExpression|ClassDeclaration|ClassExpression|ForOfStatement|SpreadElement)$/.test(node.type)) return true
  return !/^(FunctionExpression|ArrowFunctionExpression|FunctionDeclaration|ImportDeclaration)$/.test(node.type) && childrenOf(node).some(mayCall)
}

/** Encodes the inputs until no instance of a class turns up that does not travel yet. */
export function settle(closure: ClosureBuilder, args: readonly NamedArgument[], codec: CodecContext): { encoded: ReturnType<typeof encodeInputs>; parts: ReturnType<ClosureBuilder['finish']> } {
  for (;;) {
    const met = new Set<string>()
    const parts = closure.finish()
    const encoded = encodeInputs(args, parts, closure.unset, notingCodec(codec, met))
    const missing = [...met].filter((name) => !closure.has(name))
    if (missing.length === 0) return { encoded, parts }
    closure.add(missing.map((name) => ({ name, isGuarded: true })), 'captured data')
    if (missing.every((name) => !closure.has(name))) return { encoded, parts: closure.finish() }
  }
}

/** A recorded definition as it travels. */
export function toDefinition(definition: RecordedDefinition): Definition {
  const kind = definition.kind === 'data' ? 'const-function' : definition.kind
  return { name: definition.name, kind, source: definition.source, ...(definition.typed ? { typed: definition.typed } : {}), ...(definition.madeInto ? { madeInto: definition.madeInto } : {}) }
}
