/** How much of a text is in another and in the same order. */
export interface RougeL {
  readonly precision: number;
  readonly recall: number;
  /** Their harmonic mean, which is the published F with β = 1. */
  readonly f: number;
}

const nothing: RougeL = { precision: 0, recall: 0, f: 0 };

/**
 * Words as ROUGE-L compares them: lower case, runs of letters and digits; all else parts words. On ASCII text these are the tokens of
 * ROUGE-1.5.5 and of the package rouge-score without stemming; those drop every other letter, here they are letters too.
 */
export function rougeTokens(text: string): readonly string[] {
  return (
    text
      .normalize("NFC")
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  );
}

/**
 * ROUGE-L of a generated text beside its reference (Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries, §3.1, equations 2 to 4,
 * https://aclanthology.org/W04-1013): the longest common subsequence of their words, as a share of each. 0 where either has no word.
 */
export function rougeL(reference: string, generated: string): RougeL {
  const [expected, found] = [rougeTokens(reference), rougeTokens(generated)];
  const length = longestCommonSubsequence(expected, found);
  if (length === 0) return nothing;
  const [precision, recall] = [length / found.length, length / expected.length];
  return { precision, recall, f: (2 * precision * recall) / (precision + recall) };
}

/** The length of the longest sequence that is within both, gaps allowed. */
export function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let above = new Array<number>(b.length + 1).fill(0);
  for (const item of a) {
    const row = [0];
    for (let j = 1; j <= b.length; j++) row.push(item === b[j - 1] ? above[j - 1] + 1 : Math.max(above[j], row[j - 1]));
    above = row;
  }
  return above[b.length];
}
