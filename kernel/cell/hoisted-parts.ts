/**
 * Owns hoisting over magic lines: a cell that magic lines cut into pieces still runs as one text would, so functions declared below
 * such a line can be called above it. Changes no positions: what moves between pieces keeps its place in the blanked text.
 */
import { unexported } from '../../src/code/definitions.ts'
import { type AstNode, nodeIn, nodesIn, parseErrors, parseModule } from '../../src/code/parse.ts'
import { blank, type CellPart } from './magic-lines.ts'

/** The parts with the functions of later pieces in the first one. A piece with a syntax error stays as it is: its error is told when it is compiled. */
export function hoistFunctions(parts: readonly CellPart[]): CellPart[] {
  const first = parts.findIndex((part) => part.kind === 'code')
  const moved: { start: number; end: number; text: string }[] = []
  const rest = parts.map((part, index): CellPart => {
    if (part.kind !== 'code' || index <= first || !part.source.includes('function')) return part
    let { source } = part
    for (const { start, end } of functionsOf(source)) {
      moved.push({ start, end, text: source.slice(start, end) })
      source = blank(source, start, end)
    }
    return { kind: 'code', source }
  })
  const head = parts[first]
  if (moved.length === 0 || head?.kind !== 'code' || parseErrors(head.source).length > 0) return [...parts]
  let { source } = head
  for (const { start, end, text } of moved) source = source.slice(0, start) + text + source.slice(end)
  return rest.map((part, index) => (index === first ? { kind: 'code', source } : part))
}

/** Function declarations of the top level, with their overloads and the `export` before them. */
function functionsOf(source: string): AstNode[] {
  if (parseErrors(source).length > 0) return []
  return nodesIn(parseModule(source, 'cell.ts'), 'body').filter((statement) => {
    const node = unexported(statement)
    return node !== null && /^(FunctionDeclaration|TSDeclareFunction)$/.test(node.type) && nodeIn(node, 'id') !== null && statement.type !== 'ExportDefaultDeclaration'
  })
}
