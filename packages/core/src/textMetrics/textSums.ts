/** What the predicted tokens of some texts add up to. Sums of parts add up to the sum of all, so that nothing else need leave a device. */
export interface TextSums {
  readonly numTexts: number;
  /** Tokens that were predicted, each from all before it. */
  readonly numTokens: number;
  /** Of the predicted tokens' text, in UTF-8. */
  readonly numBytes: number;
  /** Σ −ln p(token), in nats. */
  readonly lossSum: number;
  /** Tokens that were the likeliest of the vocabulary where they stand. */
  readonly numRightTokens: number;
}

/** What the texts that were generated for some examples add up to, beside their references. */
export interface GenerationSums {
  readonly numTexts: number;
  readonly numExact: number;
  /** Σ F of ROUGE-L. */
  readonly rougeLSum: number;
}

/** A task of texts is judged by these; each is null where nothing was counted. */
export interface TextScores {
  readonly lossPerToken: number | null;
  readonly perplexityPerToken: number | null;
  readonly lossPerByte: number | null;
  readonly perplexityPerByte: number | null;
  readonly tokenAccuracy: number | null;
}

/** Of no texts. */
export const noText: TextSums = { numTexts: 0, numTokens: 0, numBytes: 0, lossSum: 0, numRightTokens: 0 };

/** Of no generated texts. */
export const noGeneration: GenerationSums = { numTexts: 0, numExact: 0, rougeLSum: 0 };

/** Sums of all, added in the order of the list. */
export function mergeTextSums(parts: readonly TextSums[]): TextSums {
  return parts.reduce(
    (all, part) => ({
      numTexts: all.numTexts + part.numTexts,
      numTokens: all.numTokens + part.numTokens,
      numBytes: all.numBytes + part.numBytes,
      lossSum: all.lossSum + part.lossSum,
      numRightTokens: all.numRightTokens + part.numRightTokens,
    }),
    noText,
  );
}

/** Sums of all, added in the order of the list. */
export function mergeGenerationSums(parts: readonly GenerationSums[]): GenerationSums {
  return parts.reduce(
    (all, part) => ({
      numTexts: all.numTexts + part.numTexts,
      numExact: all.numExact + part.numExact,
      rougeLSum: all.rougeLSum + part.rougeLSum,
    }),
    noGeneration,
  );
}

/**
 * Means over tokens and over bytes, and e to their power; bytes compare backbones of different vocabularies. A loss beyond the largest power
 * gives an infinite perplexity.
 */
export function textScores({ numTokens, numBytes, lossSum, numRightTokens }: TextSums): TextScores {
  const [lossPerToken, lossPerByte] = [share(lossSum, numTokens), share(lossSum, numBytes)];
  return {
    lossPerToken,
    perplexityPerToken: lossPerToken === null ? null : Math.exp(lossPerToken),
    lossPerByte,
    perplexityPerByte: lossPerByte === null ? null : Math.exp(lossPerByte),
    tokenAccuracy: share(numRightTokens, numTokens),
  };
}

/** The share of texts that equal their reference, and the mean F of ROUGE-L; null without texts. */
export function generationScores({ numTexts, numExact, rougeLSum }: GenerationSums): {
  readonly exactMatch: number | null;
  readonly rougeL: number | null;
} {
  return { exactMatch: share(numExact, numTexts), rougeL: share(rougeLSum, numTexts) };
}

function share(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}
