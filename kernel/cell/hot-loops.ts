/**
 * Owns the quick form of hot top-level loops: their notebook variables live in local ones while the loop runs (semantics §9).
 */
import type { AstNode } from '../../src/code/parse.ts'
import type { ScopeReport } from '../../src/code/scope.ts'
import type { EditList } from './edit-list.ts'

/** Rewrites the loops that qualify; leaves all others as they are. */
export function shadowHotLoops(_cell: { code: string; statements: readonly AstNode[]; report: ScopeReport; edits: EditList }): void {}
