/**
 * Owns the records that source analysis produces: what a cell declares, uses, assigns, changes and defines.
 * Plain data, so that the kernel analyses and the session, the worker and the cache read. Positions are UTF-16 offsets into the cell as typed.
 */
import type { Definition, ImportBinding, TypedPlace } from '../model/run.ts'

/** A top-level definition of the notebook as recorded when its cell ran. */
export interface RecordedDefinition {
  name: string
  kind: 'function' | 'class' | 'const-function' | 'enum' | 'namespace' | 'data'
  /** Stripped JavaScript: `function f(){…}`, `class C{…}`, `f = (x) => …`; for `data` the initialiser statement (only hashed, never re-run). */
  source: string
  /** Names used that the definition does not itself bind; globals of JavaScript and Node are left out later, by the capture. */
  freeNames: string[]
  /** sha256 hex of the canonical text: no comments, no types, no formatting. */
  digest: string
  /** Set on `data` made by a call of task() or flow(): such a name travels as source like a function. */
  madeBy?: 'task' | 'flow'
  /** How its lines were typed; the file name is empty until its cell runs. */
  typed?: TypedPlace
  /** Set when the function was made a task or flow afterwards. */
  madeInto?: Definition['madeInto']
}

/** An in-place change of a name that the cell does not declare: `arr.push(1)`, `model.x = 2`, `delete o.k`. */
export interface Mutation {
  name: string
  /** The text that changes it, shortened to 60 characters. */
  text: string
  line: number
}

/** A parameter of a flow cell: a name declared with a literal initialiser. */
export interface CellParameter {
  name: string
  /** The widened TypeScript type: number, string, boolean, null, or an array/object type of these. */
  type: string
  value: unknown
  /** Offsets of the initialiser in the stripped JavaScript, so that a value can be put in its place. */
  start: number
  end: number
}

/** Everything known of a cell's code (magic lines already blanked) before it runs. */
export interface CellAnalysis {
  /** The cell with types removed and enums lowered; JavaScript, module goal. */
  javascript: string
  /** The cell as typed, magic lines blanked. */
  typed?: string
  /** For each line of `javascript` the line of the cell as typed, from 1; absent when the cell went through esbuild. */
  typedLines?: number[]
  imports: ImportBinding[]
  /** Specifiers imported for their side effects only. */
  sideEffectImports: string[]
  /** Top-level names declared, in order of appearance, without imports and types. */
  declared: string[]
  /** Names assigned (`=`, `+=`, `++`, destructuring), at top level or in functions, that the cell does not declare and nothing shadows. */
  assigned: string[]
  /** Names used but bound neither in the cell nor by an import of it; includes globals such as console. */
  freeNames: string[]
  /** Function, class, const-function, enum, namespace and data definitions of the top level. */
  definitions: RecordedDefinition[]
  mutations: Mutation[]
  /** Only imports, types, functions, classes and `const` bound to a function expression, and at least one function. */
  isDefinitionCell: boolean
  parameters: CellParameter[]
  hasTopLevelAwait: boolean
  /** Names of interfaces and type aliases, for messages. */
  typeNames: string[]
}
