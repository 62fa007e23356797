/**
 * Owns telling the TypeScript engine that functions of the notebook became tasks or flows, so that `.map`, `.submit` and `.with` are known of them.
 */
import { analyzeCell } from '../src/code/cell-analysis.ts'
import type { MagicContext } from '../kernel/cell/magic.ts'

/** Declares the names anew: a task beside the function's own signature, which comes first only where it is generic and a task's would lose that. */
export function declareTasks(names: readonly string[], source: string, context: MagicContext): void {
  const { notebook, request } = context
  const aliases = names.map((name) => `const ${aliasOf(name)} = ${name};`).join('\n')
  const declarations = names.map((name) => {
    const original = `typeof ${aliasOf(name)}`
    const task = `import('labflow').Task<Parameters<${original}>, Awaited<ReturnType<${original}>>>`
    return `declare const ${name}: ${isGeneric(name, source) ? `${original} & ${task}` : task};`
  }).join('\n')
  for (const text of [aliases, declarations]) notebook.recordCell(request.executionCount, text, analyzeCell(text))
}

function aliasOf(name: string): string {
  return `$functionOf_${name}`
}

function isGeneric(name: string, source: string): boolean {
  const word = name.replaceAll('$', '\\$')
  return new RegExp(`\\bfunction\\s*\\*?\\s*${word}\\s*<|\\b${word}\\b[^=\\n]*=\\s*(?:async\\s*)?(?:function[^(]*)?<`).test(source)
}
