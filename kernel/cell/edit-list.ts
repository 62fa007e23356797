/**
 * Owns edits to a text and the way back: the edited text, and which stretches of it are which stretches of the original.
 */

interface Edit {
  start: number
  end: number
  text: string
}

/** Replacements of a text; of overlapping ones the one that starts first (and is longest) wins. */
export class EditList {
  readonly #source: string
  readonly #edits: Edit[] = []

  constructor(source: string) {
    this.#source = source
  }

  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text })
  }

  insert(at: number, text: string): void {
    this.#edits.push({ start: at, end: at, text })
  }

  /** Edits of another list over the same text, added to this one's. */
  include(other: EditList): void {
    this.#edits.push(...other.#edits)
  }

  /** Writes the edited text of a span. */
  write(to: MappedText, start = 0, end = this.#source.length): void {
    const edits = this.#edits.map((edit, order) => ({ ...edit, order }))
    edits.sort((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start) || a.order - b.order)
    let at = start
    for (const edit of edits) {
      if (edit.start < at || edit.end > end) continue
      to.copy(this.#source, at, edit.start)
      to.add(edit.text)
      at = edit.end
    }
    to.copy(this.#source, at, end)
  }
}

/** A text that remembers where its copied stretches came from. */
export class MappedText {
  #text = ''
  /** Triples: start in this text, start in the original, length. */
  readonly segments: number[] = []

  get text(): string {
    return this.#text
  }

  add(text: string): void {
    this.#text += text
  }

  copy(source: string, start: number, end: number): void {
    if (end <= start) return
    this.segments.push(this.#text.length, start, end - start)
    this.#text += source.slice(start, end)
  }
}
