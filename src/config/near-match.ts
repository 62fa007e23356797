/**
 * Owns the guess of what was meant by a misspelt word.
 */

/** The known word nearest to `word` by edits, or null when none is near (more than a third of the letters, at least two). */
export function nearMatch(word: string, known: Iterable<string>): string | null {
  let best: string | null = null
  let bestEdits = Math.max(2, Math.floor(word.length / 3)) + 1
  const sought = word.toLowerCase()
  for (const candidate of known) {
    const lower = candidate.toLowerCase()
    const edits = lower.startsWith(sought) && sought.length >= 3 ? 1 : editDistance(sought, lower)
    if (edits < bestEdits && edits < candidate.length) {
      best = candidate
      bestEdits = edits
    }
  }
  return best
}

/** Edits between two words, a swap of neighbours counting once. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1]
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (isSame ? 0 : 1))
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (isSwap) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? Math.max(left.length, right.length)
}
