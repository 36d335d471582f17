/** What a text task is judged by; all but perplexity grow as answers get better. */
export type TextMetric = "perplexity" | "tokenAccuracy" | "exactMatch" | "rougeL";

/** Sums over some examples of a text task; those of several devices are added up. */
export interface TextSums {
  readonly numExamples: number;
  /** Answer tokens that were predicted, a token that ends the text included. */
  readonly numTokens: number;
  /** UTF-8 bytes of the answers as texts: what a loss per byte is divided by, whatever the tokenizer. */
  readonly numBytes: number;
  /** Answer tokens that had the largest logit, given the tokens before them. */
  readonly numRightTokens: number;
  /** Of answers that were generated greedily; null where none were. */
  readonly generated: GeneratedSums | null;
}

/** Sums over generated answers beside their references. */
export interface GeneratedSums {
  readonly numExamples: number;
  readonly numExact: number;
  /** F-measures of ROUGE-L, from 0 to 1 each. */
  readonly rougeLSum: number;
}

/** The sums over both sets of examples. */
export function addTextSums(a: TextSums, b: TextSums): TextSums {
  return {
    numExamples: a.numExamples + b.numExamples,
    numTokens: a.numTokens + b.numTokens,
    numBytes: a.numBytes + b.numBytes,
    numRightTokens: a.numRightTokens + b.numRightTokens,
    generated: a.generated === null ? b.generated : b.generated === null ? a.generated : addGenerated(a.generated, b.generated),
  };
}

function addGenerated(a: GeneratedSums, b: GeneratedSums): GeneratedSums {
  return {
    numExamples: a.numExamples + b.numExamples,
    numExact: a.numExact + b.numExact,
    rougeLSum: a.rougeLSum + b.rougeLSum,
  };
}
