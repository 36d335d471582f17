import { deviations } from "../deviations.ts";
import { missingFrom, reducedResidual } from "../lowRank/residual.ts";
import { add, type Params, pickNames } from "../params.ts";
import { integer } from "../settings/fields.ts";
import type { Contribution, RoundPlan } from "../task.ts";
import { loraPairs } from "../tunings/loraFactors.ts";
import { admittedContributions, average, contributionsOf, exampleWeights, sentParams } from "./averaging.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { type GlobalModelState, globalModel } from "./globalModel.ts";
import { needsLora } from "./loraRule.ts";
import { pairOf } from "./mergedStep.ts";
import { residualSets, withResidual } from "./residualState.ts";
import { sentForm } from "./sentForm.ts";
import { withPrefix } from "./tensors.ts";

/** What strategies with a residual let a run choose beside. */
export const tunedAfterwards = {
  /** After the last round every device trains this number of epochs from W for itself, before the last evaluation; 0 = off. */
  fineTuneEpochs: integer(0, 1000).default(0),
};

/** Settings of FedEx-LoRA. */
export type FedExLoraSettings = StrategySettingsOf<"fedExLora", typeof tunedAfterwards>;

/** How strategies with a residual keep and send it. */
export const residualDeviations = [
  "The backbone stays packed, so the residual lies beside it: as factors while their rank is below m n / (m + n), as one dense f32 difference from then on.",
  "Each round's residual is a part that is sent once; parts become one when they hold as many values as the matrix, and after eight of them.",
] as const;

const own = [
  ...residualDeviations,
  "The residual is of the means as devices decode them, so that it makes up for their rounding too.",
  "Devices are weighted by their examples, where the publication's mean is unweighted.",
  "A linear head is averaged, where the run has one.",
] as const;

/**
 * FedEx-LoRA (Singhal et al., 2024, https://arxiv.org/abs/2410.09432): the server averages A and B, and what the mean of the products B_i A_i has
 * beyond the product of the means is added to the frozen weights.
 */
export const fedExLora = declareStrategy({
  name: "fedExLora",
  title: "FedEx-LoRA",
  about: "The server averages both factors; what the mean of their products has beyond the product of the means joins the frozen weights.",
  publication: {
    authors: "Singhal, Ponkshe, Vepakomma",
    title: "FedEx-LoRA: Exact Aggregation for Federated and Efficient Fine-Tuning of Large Language Models",
    venue: "ACL",
    year: 2025,
    link: "https://arxiv.org/abs/2410.09432",
  },
  deviations: own,
  settings: tunedAfterwards,
  rules: [needsLora("fedExLora")],
  takesRules: () => "wholeUpdates",
  needsSingleContributions: () => true,
  decisions: globalModel<FedExLoraSettings>({
    sentBeside: ({ tensors }) => residualSets(tensors),
    step: exactStep,
    fineTuneEpochs: ({ fineTuneEpochs }) => fineTuneEpochs,
  }),
  methods: {
    fedExLora: {
      deviations: [deviations.optimised, ...own],
      tunes: "lora",
      role: "other",
      trained: "low-rank differences of the query and value weights",
      travels: "both factors of each and the head; to the devices also the residual of the frozen weights",
      rates: [0.001, 0.003, 0.01],
    },
  },
});

/** W⁺ = the means, and for each matrix the residual Σ p_i B_i A_i − B A. */
function exactStep(
  { values, tensors }: GlobalModelState<FedExLoraSettings>,
  plan: RoundPlan,
  contributions: readonly Contribution[],
): Params {
  const { run } = values;
  const trained = admittedContributions(run, contributionsOf(contributions, "train"));
  const weights = exampleWeights(trained);
  const before = sentParams(plan);
  const next = sentForm(average(before, trained), run.paramsEncoding);
  const pairs = loraPairs(values.shape);
  const added = pairs.flatMap((pair) => {
    const names = [pair.a, pair.b];
    const terms = trained.map(({ body }, i) => ({
      weight: weights[i],
      ...pairOf(add(pickNames(before, names), pickNames(body.delta, names)), pair),
    }));
    const residual = reducedResidual(missingFrom(pairOf(next, pair), terms));
    return residual === null ? [] : [[pair.b, residual] as const];
  });
  return withResidual({ ...tensors, ...withPrefix("W/", next) }, pairs, new Map(added));
}
