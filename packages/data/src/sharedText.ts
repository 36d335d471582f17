/** What of an example is compared: what a text task answers is not. */
interface Texts {
  readonly text: string;
  readonly textB?: string | undefined;
}

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

/** The normalised texts of examples, first and second ones. */
export function textIndex(examples: readonly Texts[]): ReadonlySet<string> {
  return new Set(examples.flatMap(textsOf));
}

/** Counts the test rows of which a text, first or second, also stands in the training part of the other set, or in its `textIndex`. */
export function sharedText(train: readonly Texts[] | ReadonlySet<string>, test: readonly Texts[]): SharedText {
  const known = "has" in train ? train : textIndex(train);
  return { numShared: test.filter((example) => textsOf(example).some((text) => known.has(text))).length, numTest: test.length };
}

function textsOf({ text, textB }: Texts): string[] {
  return [text, ...(textB === undefined ? [] : [textB])].map(normalisedText).filter((normalised) => normalised !== "");
}
