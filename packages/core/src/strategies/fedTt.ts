import { z } from "zod";
import { deviations } from "../deviations.ts";
import { trainRankOf } from "../tunings/table.ts";
import { coreIndexOf, numCoresOf } from "../tunings/tensorTrainCores.ts";
import type { TunedShape } from "../tunings/tuned.ts";
import { averagedStep } from "./averagedStep.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { globalModel } from "./globalModel.ts";
import { allNames } from "./tensors.ts";

const settings = {
  /** The cores that devices train in a round: all (FedTT), or of each matrix one (FedTT+). */
  moving: z.enum(["all", "one"]).default("all"),
};

/** Settings of FedTT and FedTT+. */
export type FedTtSettings = StrategySettingsOf<"fedTt", typeof settings>;

const own = ["A linear head is trained and averaged beside the cores, where the run has one."];
const ofPlus =
  "FedTT+ freezes all cores of a matrix but one, by turns from round to round; which cores the publication freezes, and when, is not known.";

/**
 * FedTT (Ghiasvand et al., 2025, https://arxiv.org/abs/2410.13097): federated averaging of the cores of tensor-train adapters. With `moving: one`
 * FedTT+: in a round one core of every matrix is trained. A matrix is linear in each core, so that the mean of the devices' matrices is the matrix of
 * the mean core, which averaging several cores is not.
 */
export const fedTt = declareStrategy({
  name: "fedTt",
  title: "FedTT",
  about:
    "Devices train the cores of tensor-train adapters, all in every round or one of each matrix by turns; the server averages them by examples.",
  publication: {
    authors: "Ghiasvand, Yang, Xue, Alizadeh, Zhang, Pedarsani",
    title: "Communication-Efficient and Tensorized Federated Fine-Tuning of Large Language Models",
    venue: "Findings of ACL",
    year: 2025,
    link: "https://arxiv.org/abs/2410.13097",
  },
  deviations: [...own, ofPlus],
  settings,
  rules: [
    {
      of: ["strategy", "tuning"],
      path: ["tuning", "method"],
      error: "fedTt trains the cores of tensor trains: set tuning.method to tensorTrain",
      holds: ({ tuning }) => trainRankOf(tuning) !== null,
    },
  ],
  takesRules: () => "all",
  needsSingleContributions: () => false,
  decisions: globalModel<FedTtSettings>({
    frozenNames: (shape, round, { moving }) => (moving === "all" ? [] : frozenCores(shape, round)),
    frozenPart: (name) => coreIndexOf(name) ?? 0,
    step: averagedStep,
  }),
  methods: {
    fedTt: {
      deviations: [deviations.optimised, ...own],
      tunes: "tensorTrain",
      role: "other",
      trained: "the cores of two tensor-train adapters in every layer",
      travels: "all cores and the head",
      rates: [0.001, 0.003, 0.01],
    },
    fedTtPlus: {
      title: "FedTT+",
      deviations: [deviations.optimised, ...own, ofPlus],
      tunes: "tensorTrain",
      role: "other",
      trained: "the cores of two tensor-train adapters in every layer, in each round one of every matrix",
      travels: "the cores that the round trains and the head; to a device also those that others trained since it last took part",
      rates: [0.001, 0.003, 0.01],
      strategy: () => ({ moving: "one" as const }),
    },
  },
});

/**
 * The core that a round trains, from 0. The last one is first: that of the second matrix starts at 0, and as long as it is 0 no other core has a
 * gradient.
 */
export function movingCore(round: number, numCores: number): number {
  return (round + numCores - 2) % numCores;
}

function frozenCores(shape: TunedShape, round: number): string[] {
  const moving = movingCore(round, numCoresOf(shape.layerNames));
  return allNames(shape).filter((name) => ![null, moving].includes(coreIndexOf(name)));
}
