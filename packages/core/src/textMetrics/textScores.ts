import type { GeneratedSums, TextMetric, TextSums } from "../textSums.ts";

/** What a text task is judged by, from its sums; null where nothing was counted. */
export interface TextScores {
  /** In nats. */
  readonly lossPerToken: number | null;
  readonly perplexityPerToken: number | null;
  /** In nats. */
  readonly lossPerByte: number | null;
  readonly perplexityPerByte: number | null;
  readonly tokenAccuracy: number | null;
  /** Share of the generated answers that are their reference. */
  readonly exactMatch: number | null;
  /** Mean F of ROUGE-L over the generated answers. */
  readonly rougeL: number | null;
}

/** Of no example. */
export const noText: TextSums = { numExamples: 0, numTokens: 0, numBytes: 0, numRightTokens: 0, generated: null };

/**
 * Means over tokens, bytes and generated answers; a perplexity is e to the power of a mean loss. Bytes compare backbones of different
 * vocabularies. `lossSum` is in nats, over the tokens.
 */
export function textScores({ numTokens, numBytes, numRightTokens, generated }: TextSums, lossSum: number): TextScores {
  const [lossPerToken, lossPerByte] = [share(lossSum, numTokens), share(lossSum, numBytes)];
  const { numExamples, numExact, rougeLSum }: GeneratedSums = generated ?? { numExamples: 0, numExact: 0, rougeLSum: 0 };
  return {
    lossPerToken,
    perplexityPerToken: lossPerToken === null ? null : Math.exp(lossPerToken),
    lossPerByte,
    perplexityPerByte: lossPerByte === null ? null : Math.exp(lossPerByte),
    tokenAccuracy: share(numRightTokens, numTokens),
    exactMatch: share(numExact, numExamples),
    rougeL: share(rougeLSum, numExamples),
  };
}

/** The task's metric; null where nothing was counted. Perplexity is that per token. */
export function measureText(metric: TextMetric, sums: TextSums, lossSum: number): number | null {
  const scores = textScores(sums, lossSum);
  return metric === "perplexity" ? scores.perplexityPerToken : scores[metric];
}

function share(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count;
}
