import type { Params } from "@tutti/core";
import { predictAll } from "./evaluation.ts";
import type { Tuned } from "./gradient.ts";
import type { EncodedExample } from "./objective.ts";
import { scoreTexts } from "./textEvaluation.ts";

/** Mean loss over examples, or over the tokens of all answers, by forward passes alone. */
export async function meanLoss(
  tuned: Tuned,
  params: Params,
  examples: readonly EncodedExample[],
  signal: AbortSignal | undefined,
): Promise<number> {
  if (tuned.objective.head === "answer") {
    const { lossSum, text } = await scoreTexts(tuned, params, examples, signal);
    return lossSum / text.numTokens;
  }
  const { losses } = await predictAll(tuned, params, examples, signal);
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}
