/** A stretch of a text: a word, or what stands between words. */
export interface TextPart {
  readonly text: string;
  readonly isWord: boolean;
}

/** How much a word matters to a class: its probability with the word, less that without it. Null of what is not left out. */
export interface WordEffect extends TextPart {
  readonly effect: number | null;
}

/** A text's words and what stands between them; together they are the text. Words are found in any script. */
export function partsOfText(text: string): TextPart[] {
  const segments = new Intl.Segmenter(undefined, { granularity: "word" }).segment(text);
  return Array.from(segments, ({ segment, isWordLike }) => ({ text: segment, isWord: isWordLike === true }));
}

/** The text without one of its parts; where that leaves two spaces together, one goes. */
export function withoutPart(parts: readonly TextPart[], left: number): string {
  const text = parts.map((part, index) => (index === left ? "" : part.text));
  const isBetweenSpaces = /\s$/.test(text[left - 1] ?? " ") && /^\s/.test(text[left + 1] ?? "");
  if (isBetweenSpaces) text[left + 1] = (text[left + 1] ?? "").replace(/^\s/, "");
  return text.join("").trim();
}
