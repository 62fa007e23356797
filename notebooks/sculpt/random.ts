/**
 * Owns the seeded random numbers of the notebooks: the same seed gives the same stream on every machine.
 * Refuses cryptographic use.
 */

/** A source of uniform numbers in [0, 1). */
export type Random = () => number

/** The sfc32 generator, seeded by a whole number; passes the usual statistical batteries and needs no 64-bit arithmetic. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return (sum >>> 0) / 4294967296
  }
  // The first outputs of neighbouring seeds are alike: mix them away.
  for (let round = 0; round < 15; round++) next()
  return next
}

/** Standard normal numbers from a uniform source (Box and Muller's polar method; both numbers of a pair are used). */
export function normalRandom(uniform: Random): Random {
  let spare: number | null = null
  return () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    for (;;) {
      const u = 2 * uniform() - 1
      const v = 2 * uniform() - 1
      const squared = u * u + v * v
      if (squared === 0 || squared >= 1) continue
      const factor = Math.sqrt((-2 * Math.log(squared)) / squared)
      spare = v * factor
      return u * factor
    }
  }
}
