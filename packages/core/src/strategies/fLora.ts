import { deviations } from "../deviations.ts";
import { stackedResidual } from "../lowRank/residual.ts";
import { omitNames, type Params, type Tensor, zeros } from "../params.ts";
import { createRandom } from "../random.ts";
import type { Contribution, Device, RoundPlan } from "../task.ts";
import { linear } from "../tunings/entry.ts";
import { type LoraPair, loraPairs } from "../tunings/loraFactors.ts";
import { admittedContributions, average, contributionsOf } from "./averaging.ts";
import { declareStrategy, type RunRule, type StrategySettingsOf } from "./declaration.ts";
import { residualDeviations, tunedAfterwards } from "./fedExLora.ts";
import { type GlobalModelState, globalModel } from "./globalModel.ts";
import { needsLora } from "./loraRule.ts";
import { factorsAfter, pairOf } from "./mergedStep.ts";
import { componentsOf, cutTo, type DeviceRanks, deviceRanks, rankOf, ranksWithinRun } from "./mixedRanks.ts";
import { residualSets, withResidual } from "./residualState.ts";
import { sentForm } from "./sentForm.ts";
import { under, withPrefix } from "./tensors.ts";

const settings = { ...deviceRanks, ...tunedAfterwards };

/** Settings of FLoRA. */
export type FLoraSettings = StrategySettingsOf<"fLora", typeof settings>;

const own = [
  ...residualDeviations,
  "The stacked factors go to the server's residual, and devices get what they have not got yet of it, where the publication sends every stack to every device.",
  "All ranks have one scale, the run's alpha over the run's rank.",
  "Each round's A is drawn from the run's seed, the same for all devices; those of a lower rank get its first rows.",
  "Optimisers start afresh in every round, as the factors do.",
  "A linear head is averaged, where the run has one.",
] as const;

/** That no device carries an optimiser's moments over to factors that they are not of. */
const startsAfresh: RunRule<unknown> = {
  of: ["strategy", "training"],
  path: ["training", "resetMoments"],
  error: "fLora starts fresh factors in every round, and moments of the last round's would push them: set training.resetMoments to true",
  holds: ({ training }) => training.resetMoments,
};

/**
 * FLoRA (Wang et al., 2024, https://arxiv.org/abs/2409.05976): the factors of all devices, of whatever rank, are stacked, so that their product is
 * the mean of the products; it is added to the frozen weights, and every round starts a fresh LoRA.
 */
export const fLora = declareStrategy({
  name: "fLora",
  title: "FLoRA",
  about:
    "The server stacks the devices' factors, of whatever ranks, and adds their product to the frozen weights; each round starts a fresh LoRA.",
  publication: {
    authors: "Wang, Shen, He, Sun, Wang, Lyu, Li",
    title: "FLoRA: Federated Fine-Tuning Large Language Models with Heterogeneous Low-Rank Adaptations",
    venue: "NeurIPS",
    year: 2024,
    link: "https://arxiv.org/abs/2409.05976",
  },
  deviations: own,
  settings,
  rules: [needsLora("fLora"), ranksWithinRun, startsAfresh],
  takesRules: ({ ranks }) => (ranks.length === 0 ? "wholeUpdates" : "clipping"),
  needsSingleContributions: () => true,
  decisions: globalModel<FLoraSettings>({
    hasOwnRanks: true,
    sentTo: sentAtRank,
    startsAt: ({ values }, sent) => {
      const { strategy } = values.run;
      return ({ id }) => (strategy.ranks.length === 0 ? sent : cutTo(sent, loraPairs(values.shape), rankIn(strategy, id)));
    },
    sentBeside: ({ tensors }) => residualSets(tensors),
    step: stackedStep,
    fineTuneEpochs: ({ fineTuneEpochs }) => fineTuneEpochs,
  }),
  methods: {
    fLora: {
      deviations: [deviations.optimised, ...own, "All devices have one rank, unless settings give them others."],
      tunes: "lora",
      role: "other",
      trained: "low-rank differences of the query and value weights, fresh ones in every round",
      travels: "both factors of each at the device's own rank and the head; to the devices also the sum of all products so far",
      rates: [0.001, 0.003, 0.01],
      training: () => ({ resetMoments: true }),
    },
  },
});

/** W with each device's own number of components; one object for each rank. */
function sentAtRank({ values }: GlobalModelState<FLoraSettings>, sent: Params): (device: Device) => Params {
  const { strategy } = values.run;
  const cuts = new Map<number, Params>();
  return ({ id }) => {
    if (strategy.ranks.length === 0) return sent;
    const rank = rankIn(strategy, id);
    const cut = cuts.get(rank) ?? { ...sent, ...ofRank(sent, loraPairs(values.shape), rank) };
    cuts.set(rank, cut);
    return cut;
  };
}

function rankIn(strategy: DeviceRanks, device: number): number {
  return rankOf(strategy, device, Number.POSITIVE_INFINITY);
}

/** The leading components of every pair. */
function ofRank(params: Params, pairs: readonly LoraPair[], rank: number): Params {
  const cut = pairs.flatMap((pair): [string, Tensor][] => {
    const whole = pairOf(params, pair);
    const { a, b } = componentsOf(whole, 0, Math.min(rank, whole.a.shape[0]));
    return [
      [pair.a, a],
      [pair.b, b],
    ];
  });
  return Object.fromEntries(cut);
}

/** The residual with Σ p_i B_i A_i, the head's mean, and the factors that the next round starts from. */
function stackedStep(
  { values, tensors }: GlobalModelState<FLoraSettings>,
  plan: RoundPlan,
  contributions: readonly Contribution[],
): Params {
  const { run, shape } = values;
  const pairs = loraPairs(shape);
  const factors = pairs.flatMap(({ a, b }) => [a, b]);
  const before = under(tensors, "W/");
  const trained = admittedContributions(run, contributionsOf(contributions, "train"));
  const total = trained.reduce((sum, { numExamples }) => sum + numExamples, 0);
  const own = trained.map(({ numExamples, body }) => ({ weight: numExamples / total, params: factorsAfter(before, body.delta, pairs) }));
  const added = pairs.map(
    (pair) => [pair.b, stackedResidual(own.map(({ weight, params }) => ({ weight, ...pairOf(params, pair) })))] as const,
  );
  const heads = trained.map((one) => ({ ...one, body: { ...one.body, delta: omitNames(one.body.delta, factors) } }));
  const next = { ...average(omitNames(before, factors), heads), ...freshFactors(before, pairs, { seed: run.seed, round: plan.round + 1 }) };
  return withResidual({ ...tensors, ...withPrefix("W/", sentForm(next, run.paramsEncoding)) }, pairs, new Map(added));
}

/** Where LoRA starts in a round: A drawn as at the run's start, from a stream of the round, and B at 0. */
function freshFactors(
  like: Params,
  pairs: readonly LoraPair[],
  { seed, round }: { readonly seed: number; readonly round: number },
): Params {
  const random = createRandom(seed);
  const fresh = pairs.flatMap(({ a, b }): [string, Tensor][] => {
    const { shape, data } = like[a];
    const stream = random.stream({ stage: "train", round, purpose: `fresh/${a}` });
    const { stdDev } = linear(shape[1]);
    return [
      [a, { shape, data: data.map(() => stdDev * stream.normal()) }],
      [b, zeros(like[b].shape)],
    ];
  });
  return Object.fromEntries(fresh);
}
