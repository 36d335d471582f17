import { type Params, proxyScores } from "@tutti/core";
import { numPredicted, scoresOfTexts } from "./compute/publicTexts.ts";
import { batchesOf } from "./training/evaluation.ts";
import type { Tuned } from "./training/gradient.ts";
import type { EncodedExample } from "./training/objective.ts";
import { throwIfAborted, yieldToEvents } from "./training/pause.ts";
import { addScored, type ScoredText, type TextScored } from "./training/textEvaluation.ts";

/** The three models of proxy-tuning: the large one as it is, and the small one with what it was tuned to and without. */
export interface ProxyModels {
  readonly large: Tuned;
  readonly small: Tuned;
  readonly params: Params;
  readonly a: number;
}

/**
 * As `scoreTexts`, of softmax(s_large + a (s_tuned − s_untuned)): every token of the answers is predicted from the answer's own tokens before it, by
 * all three models.
 */
export async function scoreProxy(
  { large, small, params, a }: ProxyModels,
  examples: readonly EncodedExample[],
  signal?: AbortSignal,
): Promise<TextScored> {
  const scored: ScoredText[] = [];
  for (const bucket of batchesOf(examples)) {
    throwIfAborted(signal);
    const batch = bucket.map((index) => examples[index]);
    const ofLarge = await scoresOfTexts(large, null, batch);
    const tuned = await scoresOfTexts(small, params, batch);
    const untuned = await scoresOfTexts(small, null, batch);
    let row = 0;
    for (const example of batch) {
      const rows = Array.from({ length: numPredicted(example) }, () => {
        const scores = proxyScores({ large: ofLarge[row], tuned: tuned[row], untuned: untuned[row] }, a);
        row += 1;
        return scores;
      });
      scored.push(judged(rows, example.ids.slice(example.ids.length - rows.length)));
    }
    await yieldToEvents();
  }
  return addScored(examples, scored);
}

/** What a text adds, from the scores (V) of each of its predicted tokens. */
function judged(rows: readonly Float32Array[], targets: readonly number[]): ScoredText {
  let [lossSum, numRight] = [0, 0];
  for (const [at, scores] of rows.entries()) {
    const best = scores.reduce((first, score, token) => (score > scores[first] ? token : first), 0);
    const weights = scores.reduce((sum, score) => sum + Math.exp(score - scores[best]), 0);
    lossSum += Math.log(weights) + scores[best] - scores[targets[at]];
    if (best === targets[at]) numRight += 1;
  }
  return { numTokens: rows.length, numRight, lossSum };
}
