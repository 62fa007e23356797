/**
 * Owns which classes may travel as fields and identity: no private fields, and above them nothing but Object, Error or such classes.
 */
import { codec } from './context.ts'
import type { ClassAdapter, ClassValue } from './context.ts'

const ERROR_CLASSES: ReadonlySet<unknown> = new Set([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError, AggregateError])

/** How a class stands: `fields` may travel (with an Error's own data when `isError`), else the reason why not. */
export type ClassRule = { kind: 'fields'; isError: boolean } | { kind: 'refused'; reason: string }

const rules = new WeakMap<ClassValue, ClassRule>()

/** The rule for a class that the notebook knows. */
export function ruleOfClass(type: ClassValue): ClassRule {
  const known = rules.get(type)
  if (known) return known
  const rule = findRule(type)
  rules.set(type, rule)
  return rule
}

function findRule(type: ClassValue): ClassRule {
  let current: unknown = type
  while (typeof current === 'function' && current !== Function.prototype) {
    if (ERROR_CLASSES.has(current)) return { kind: 'fields', isError: true }
    const text = Function.prototype.toString.call(current)
    if (/\{\s*\[native code\]\s*\}$/.test(text)) return { kind: 'refused', reason: `it extends the built-in ${(current as ClassValue).name}` }
    const field = privateFieldIn(text)
    if (field) return { kind: 'refused', reason: `its private field ${field} cannot be read from outside` }
    current = Object.getPrototypeOf(current)
  }
  return { kind: 'fields', isError: false }
}

/** The first `#name` outside strings and comments; a regex literal with one counts too, which only refuses too much. */
function privateFieldIn(text: string): string | null {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|\$(?!\{)|[^`\\$])*`/g, ' ')
  return /#[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(code)?.[0] ?? null
}

/** The adapter that the class of a prototype, or one above it, carries. */
export function adapterOf(proto: unknown): ClassAdapter | null {
  const type = typeof proto === 'object' && proto !== null ? (Object.getOwnPropertyDescriptor(proto, 'constructor')?.value as unknown) : null
  return typeof type === 'function' ? ((type as unknown as Record<symbol, ClassAdapter | undefined>)[codec] ?? null) : null
}
