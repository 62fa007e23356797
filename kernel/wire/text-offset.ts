/**
 * Owns the way between Jupyter's cursor positions (Unicode characters, protocol 5.2) and JavaScript's (UTF-16 units).
 * Without it every completion after an emoji lands one place off.
 */

/** UTF-16 offset of a position counted in characters; positions outside the text are moved to its nearer end. */
export function utf16Offset(text: string, characters: number): number {
  if (!(characters > 0)) return 0
  let offset = 0
  for (let count = 0; count < characters && offset < text.length; count += 1) offset += text.codePointAt(offset)! > 0xffff ? 2 : 1
  return offset
}

/** Position counted in characters of a UTF-16 offset. */
export function characterOffset(text: string, offset: number): number {
  let characters = 0
  for (let at = 0; at < Math.min(offset, text.length); at += text.codePointAt(at)! > 0xffff ? 2 : 1) characters += 1
  return characters
}
