/**
 * Owns what a TypeScript complaint means in a notebook: noise that nobody sees, a warning, or an error that stops %%task, %%flow and %%submit.
 */

export type Weight = 'noise' | 'warning' | 'error'

/** Implicit any and its family: a notebook is where one does not annotate. */
const isImplicitAny = (code: number): boolean => code >= 7005 && code <= 7057

const NOISE = new Set([
  6133, 6138, 6192, 6196, 6198, 6199, 6205, // declared and never used: a later cell may use it
  2578, // unused @ts-expect-error
  2683, // `this` without a type
  1375, 1378, 1431, 1432, // top-level await, by settings
  2835, 5097, // file extensions in imports: the module hooks find the file
])

const WARNINGS = new Set([
  2531, 2532, 2533, 18047, 18048, 18049, 2721, 2722, 2723, // possibly null or undefined
  18046, 2571, // of type unknown
  2454, // used before assigned: flow analysis sees one cell only
  2588, 2632, // a constant of this or an earlier cell is assigned
  2307, // a module the types do not know: a worker may still find it among Labflow's own packages, and says at once when it does not
  2695, // left side of a comma is unused
  2367, 2845, // a comparison that is always false
  2774, 2801, // a condition that is always true
  2869, 2870, 2871, 2872, 2873, 2881, // an expression that is always (never) nullish or truthy
  6385, 6387, // deprecated
])

/** Weighs one complaint by its code and words. */
export function weighDiagnostic(code: number, message: string): Weight {
  if (NOISE.has(code) || isImplicitAny(code)) return 'noise'
  // A growing object: `const o = {}` and later `o.x = 1`.
  if ((code === 2339 || code === 2551) && /on type '\{\}'/.test(message)) return 'noise'
  return WARNINGS.has(code) ? 'warning' : 'error'
}
