import { deviations } from "../deviations.ts";
import { integer } from "../settings/fields.ts";
import { averageSent } from "./averaging.ts";
import { declareStrategy, type StrategySettingsOf } from "./declaration.ts";
import { forwardTierSettings, passesWithTier, tierFits } from "./forwardTier/settings.ts";
import { type GlobalModelState, globalModel } from "./globalModel.ts";
import { withPrefix } from "./tensors.ts";

const settings = {
  /** After the last round every device trains this number of epochs from W for itself, before the last evaluation; 0 = off. */
  fineTuneEpochs: integer(0, 1000).default(0),
  ...forwardTierSettings,
};

/** Settings of federated averaging. */
export type FedAvgSettings = StrategySettingsOf<"fedAvg", typeof settings>;

/** State of `fedAvg`: W alone. */
export type FedAvgState = GlobalModelState<FedAvgSettings>;

/**
 * Federated averaging (McMahan et al., 2017, https://arxiv.org/abs/1602.05629) of every trained parameter; with prefixes, P-tuning v2 in the
 * comparison of fedpeptao.md §7. With `fineTuneEpochs` every device tunes the last W for itself before the last evaluation. With the run's
 * `proximal` above 0 it is FedProx (Li et al., 2020, https://arxiv.org/abs/1812.06127).
 */
export const fedAvg = declareStrategy({
  name: "fedAvg",
  title: "FedAvg",
  about: "The server averages what the devices send, weighted by their examples.",
  publication: {
    authors: "McMahan, Moore, Ramage, Hampson, Agüera y Arcas",
    title: "Communication-Efficient Learning of Deep Networks from Decentralized Data",
    venue: "AISTATS",
    year: 2017,
    link: "https://arxiv.org/abs/1602.05629",
  },
  deviations: [],
  settings,
  laterSettings: ["fineTuneEpochs", "forwardTier"],
  rules: [tierFits],
  takesRules: () => "all",
  backwardPasses: passesWithTier,
  needsSingleContributions: () => false,
  decisions: globalModel<FedAvgSettings>({
    step: ({ values }, plan, contributions) => withPrefix("W/", averageSent(values.run, plan, contributions)),
    // states of runs that were begun before there was a choice hold none
    fineTuneEpochs: ({ fineTuneEpochs = 0 }) => fineTuneEpochs,
  }),
  methods: {
    momD: {
      title: "MomD",
      publication: {
        authors: "Liu, Chen, Chen, Zhang",
        title: "Accelerating Federated Learning via Momentum Gradient Descent",
        venue: "IEEE Transactions on Parallel and Distributed Systems",
        year: 2020,
        link: "https://arxiv.org/abs/1910.03197",
      },
      deviations: [
        deviations.fromMemory,
        "Velocities stay on the device and start at 0 in every task; the publication averages them too.",
        deviations.clipped,
        deviations.prefixWithoutNetwork,
      ],
      role: "baseline",
      baseline: 8,
      trained: "prompts in every layer, with momentum on the devices",
      travels: "all of them and the head",
      rates: [0.03, 0.1, 0.3],
      training: () => ({ optimizer: "momentum", weightDecay: 0, resetMoments: true }),
    },
    fedProx: {
      title: "FedProx",
      publication: {
        authors: "Li, Sahu, Zaheer, Sanjabi, Talwalkar, Smith",
        title: "Federated Optimization in Heterogeneous Networks",
        venue: "MLSys",
        year: 2020,
        link: "https://arxiv.org/abs/1812.06127",
      },
      deviations: [
        deviations.optimised,
        "Devices are sampled uniformly and weighted by examples, and all do the same number of epochs.",
        "The proximal term is part of the gradient that is clipped.",
        "μ is 0.01 unless the base gives one.",
      ],
      role: "other",
      trained: "prompts in every layer, drawn back to where the task started",
      travels: "all of them and the head",
      rates: { of: "pTuningV2" },
      training: ({ proximal }) => ({ proximal: proximal > 0 ? proximal : 0.01 }),
    },
    pooled: {
      title: "Pooled training",
      publication: null,
      deviations: [
        "A control: one device holds all examples, so a round is an epoch over all of them; in the other methods a cohort sees only its own shares.",
        "Its optimiser keeps its state from round to round.",
      ],
      role: "control",
      trained: "prompts in every layer, on one device that holds everything",
      travels: "all of them and the head, to that device and back",
      rates: { of: "pTuningV2" },
      training: () => ({ resetMoments: false }),
      conditions: { roster: "fixed", numDevices: 1, minDevices: 1, cohortSize: 1, partition: { kind: "iid" } },
    },
    pTuningV2FineTuned: {
      title: "P-tuning v2, fine-tuned locally",
      publication: {
        authors: "Yu, Bagdasaryan, Shmatikov",
        title: "Salvaging Federated Learning by Local Adaptation",
        venue: "arXiv",
        year: 2020,
        link: "https://arxiv.org/abs/2002.04758",
      },
      deviations: [
        "P-tuning v2; after the last round every device trains its local epochs once more, by itself.",
        "All weights of the prompts are tuned: the publication's fine-tuning, not its other two ways to adapt.",
      ],
      role: "control",
      trained: "prompts in every layer; after the last round every device goes on for itself",
      travels: "all of them and the head",
      rates: { of: "pTuningV2" },
      strategy: (_, { training }) => ({ fineTuneEpochs: training.localEpochs }),
    },
  },
});
