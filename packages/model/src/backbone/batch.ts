/** Texts of a batch side by side, padded at the end. */
export interface TokenBatch {
  /** (B, T), row-major. */
  readonly ids: Int32Array;
  /** T: the longest text, rounded up. */
  readonly numTokens: number;
  /** Real tokens of each text. */
  readonly lengths: readonly number[];
  /** Tokens of each text that are given; the rest is what is to be predicted, which nothing may be made from. All by default. */
  readonly contextLengths?: readonly number[];
}

/** Pads texts to the longest, rounded up to a multiple of `multiple`. */
export function padBatch(texts: readonly ArrayLike<number>[], padTokenId: number, multiple = 8): TokenBatch {
  const lengths = texts.map((text) => text.length);
  if (lengths.length === 0) throw new Error("a batch needs at least one text");
  const empty = lengths.indexOf(0);
  if (empty !== -1) throw new Error(`text ${empty + 1} of a batch of ${lengths.length} has no token, every text needs at least one`);
  const numTokens = Math.ceil(Math.max(...lengths) / multiple) * multiple;
  const ids = new Int32Array(texts.length * numTokens).fill(padTokenId);
  texts.forEach((text, i) => {
    ids.set(Array.from(text), i * numTokens);
  });
  return { ids, numTokens, lengths };
}

/** The batch that pads to its longest text exactly. */
export function padExactly(texts: readonly ArrayLike<number>[], padTokenId: number): TokenBatch {
  return padBatch(texts, padTokenId, 1);
}
