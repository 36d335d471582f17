import type { Example } from "./example.ts";

/** How many test rows of a data set hold a text of another one's training part. */
export interface SharedText {
  readonly numShared: number;
  readonly numTest: number;
}

/** Letters and digits only, in lower case: tokenised and plain forms of a sentence are the same text. */
export function normalisedText(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "");
}

/** Counts the test rows of which a text, first or second, also stands in the training part of the other set. */
export function sharedText(train: readonly Example[], test: readonly Example[]): SharedText {
  const texts = ({ text, textB }: Example) => [text, ...(textB === undefined ? [] : [textB])].map(normalisedText).filter((t) => t !== "");
  const known = new Set(train.flatMap(texts));
  return { numShared: test.filter((example) => texts(example).some((text) => known.has(text))).length, numTest: test.length };
}
