import { deviations } from "../deviations.ts";
import type { LowRankTerm } from "../lowRank/terms.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { mergingDeviations, sentByRank } from "./flexLora.ts";
import { globalModel } from "./globalModel.ts";
import { needsLora } from "./loraRule.ts";
import { mergedStep, type TermsOf } from "./mergedStep.ts";
import { componentsOf, deviceRanks, rankOf, ranksWithinRun } from "./mixedRanks.ts";

/** Settings of raFLoRA. */
export type RaFLoraSettings = StrategySettingsOf<"raFLora", typeof deviceRanks>;

const own = [...mergingDeviations, "Components that no device of a round has stay as the server has them."] as const;

/**
 * raFLoRA (Wu et al., 2026, https://arxiv.org/abs/2602.13486): as FlexLoRA, but a component of the differences is averaged over the devices
 * whose rank reaches it. Averaged over all of them, those that few devices have would fade from round to round.
 */
export const raFLora = declareStrategy({
  name: "raFLora",
  title: "raFLoRA",
  about: "As FlexLoRA, but each part of the ranks is averaged over the devices that have it.",
  publication: {
    authors: "Wu, Hu, Min, Wang",
    title: "Preventing Rank Collapse in Federated Low-Rank Adaptation with Client Heterogeneity",
    venue: "arXiv",
    year: 2026,
    link: "https://arxiv.org/abs/2602.13486",
  },
  deviations: own,
  settings: deviceRanks,
  rules: [needsLora("raFLora"), ranksWithinRun],
  takesRules: () => "clipping",
  needsSingleContributions: () => true,
  decisions: globalModel<RaFLoraSettings>({
    sentTo: sentByRank,
    step: (state, plan, contributions) => mergedStep(state, { plan, contributions, termsOf: meansByPart(state.values.run.strategy) }),
  }),
  methods: {
    raFLora: {
      deviations: [
        deviations.optimised,
        ...own,
        "Half of the devices have the run's rank and the others half of it, since with one rank it would be FlexLoRA.",
      ],
      tunes: "lora",
      strategy: ({ ranks }) => ({ ranks: ranks.length > 0 ? ranks : [8, 4] }),
      role: "other",
      trained: "low-rank differences of the query and value weights, of rank 8 on half of the devices and 4 on the others",
      travels: "both factors of each and the head; the server merges the products, each component over the devices that have it",
      rates: [0.001, 0.003, 0.01],
    },
  },
});

/** Σ over parts (from, to] of the ranks of Σ n_i / (Σ n_j of the devices that have it) · the part of B_i A_i, and the server's own beyond. */
function meansByPart(settings: RaFLoraSettings): TermsOf {
  return (trained, before) => {
    const wholeRank = before.a.shape[0];
    const ranked = trained.map((one) => ({ ...one, rank: rankOf(settings, one.deviceId, wholeRank) }));
    const ends = [...new Set(ranked.map(({ rank }) => rank))].sort((a, b) => a - b);
    const terms = ends.flatMap((end, part): LowRankTerm[] => {
      const having = ranked.filter(({ rank }) => rank >= end);
      const total = having.reduce((sum, { numExamples }) => sum + numExamples, 0);
      return having.map(({ numExamples, a, b }) => ({
        weight: numExamples / total,
        ...componentsOf({ a, b }, part === 0 ? 0 : ends[part - 1], end),
      }));
    });
    const highest = ends[ends.length - 1];
    return highest === wholeRank ? terms : [...terms, { weight: 1, ...componentsOf(before, highest, wholeRank) }];
  };
}
