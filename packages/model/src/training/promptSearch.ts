import {
  type LocalSearchResult,
  numJudgedPoints,
  type Params,
  type RandomStream,
  type SearchSpec,
  type SearchState,
  searched,
  searchLocally,
} from "@tutti/core";
import type { StepProgress } from "../trainer.ts";
import type { Tuned } from "./gradient.ts";
import { meanLoss } from "./meanLoss.ts";
import type { EncodedExample } from "./objective.ts";

/** How a prompt is searched. */
export interface PromptSearch {
  readonly start: SearchState;
  readonly spec: Pick<SearchSpec, "numIterations" | "populationSize" | "corruptFraction">;
  /** What points are drawn from. */
  readonly candidates: RandomStream;
  /** What tokens are replaced by. */
  readonly corruption: RandomStream;
  onStep?: ((progress: StepProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A smaller loss on corrupted texts counts as this. */
const leastLoss = 1e-6;

/**
 * Local CMA-ES over the prompt's coordinates by forward passes alone. A point's fitness is the mean loss on the examples over that on a corrupted copy of them, so that a
 * prompt which answers the same whatever it reads is no better than others (FedBPT, https://arxiv.org/abs/2310.01467, §3.3); the plain loss where nothing is corrupted.
 */
export async function searchPrompt(tuned: Tuned, examples: readonly EncodedExample[], search: PromptSearch): Promise<LocalSearchResult> {
  const { start, spec, candidates, onStep, signal } = search;
  const { corruptFraction } = spec;
  const corrupted = corruptFraction > 0 ? examples.map((example) => corruptExample(example, tuned.transformer.config, search)) : null;
  const numSteps = numJudgedPoints(spec);
  const result = await searchLocally(start, {
    ...spec,
    random: candidates,
    async evaluate(point) {
      const params: Params = { [searched]: { shape: [point.length], data: Float32Array.from(point) } };
      const loss = await meanLoss(tuned, params, examples, signal);
      return corrupted === null ? loss : loss / Math.max(leastLoss, await meanLoss(tuned, params, corrupted, signal));
    },
    onPoint: (step, loss) => onStep?.({ step, numSteps, loss }),
  });
  if (!Number.isFinite(result.fitness))
    throw new Error(`the loss of step ${numSteps} is ${result.fitness}: the search has left what the backbone can compute`);
  return { ...result, fitness: Math.max(0, result.fitness) };
}

/**
 * The text with each of its tokens replaced by a random one with this probability; the mask, an answer, the first token and, of an encoder, the last one stay, since
 * families mark the ends of texts there.
 */
export function corruptExample(
  example: EncodedExample,
  { vocabSize, isCausal }: { readonly vocabSize: number; readonly isCausal: boolean },
  { spec, corruption }: Pick<PromptSearch, "spec" | "corruption">,
): EncodedExample {
  const end = example.answer?.start ?? example.ids.length - (isCausal ? 0 : 1);
  const ids = example.ids.map((id, at) => {
    const isReplaced = corruption.uniform() < spec.corruptFraction;
    const other = corruption.integer(vocabSize);
    return isReplaced && at > 0 && at < end && at !== example.maskPosition ? other : id;
  });
  return { ...example, ids };
}
