import { presets } from "./presets.ts";
import { type Publication, publications } from "./publications.ts";
import type {
  FedPepTaoSettings,
  PrefixTuning,
  RunSettings,
  StrategySettings,
  TrainingSettings,
  TuningCommon,
  TuningSettings,
} from "./run.ts";

/** A method of the comparison: what it is called, where it comes from, and the settings that make a run of it. */
export interface Method {
  readonly title: string;
  /** Null for a control that needs none. */
  readonly publication: Publication | null;
  /** Where this project does something else than the publication, a sentence each. */
  readonly deviations: readonly string[];
  /** The base's task, roster, partition and budget with this method; rates stay the base's unless the publication names its own. */
  settings(base: RunSettings): RunSettings;
}

export type MethodName =
  | "fedPepTao"
  | "adapter"
  | "fedPrompt"
  | "pTuningV2"
  | "promptTuning"
  | "idpg"
  | "attempt"
  | "latePrompt"
  | "momD"
  | "momSAdamD"
  | "lora"
  | "full"
  | "fedProx"
  | "scaffold"
  | "fedAdam"
  | "fedYogi"
  | "local"
  | "pooled"
  | "pTuningV2FineTuned";

const averaging: StrategySettings = { name: "fedAvg", fineTuneEpochs: 0 };
const averaged = "The publication trains in one place; here devices train it and FedAvg averages it, weighted by examples.";
const optimised = "The devices' optimiser is AdamW with gradient clipping, as for every method of the comparison.";
const linearHead =
  "Under the default settings a linear head over the mean state predicts, trained from 0 beside the prompt, where the publication predicts words.";
const promptDropout = "Prompt dropout as FedPepTAO has it: 0.1 of the values, by one mask a step.";
const fromMemory = "The name is that of FedPepTAO's comparison, whose settings were not at hand.";

const prefixWithoutNetwork = "Prompts are trained directly, without the re-parameterisation network.";
const oneServerRate = "The server's rate is 0.01 and τ 0.001, not tuned by task: with few rounds that keeps W near its start.";
const weightedByExamples = "Changes are weighted by examples, as in the paper's experiments, where Algorithm 2 writes the plain mean.";

/** The methods of the comparison (fedpeptao.md §7) and its controls, by name. */
export const methods: Readonly<Record<MethodName, Method>> = {
  fedPepTao: {
    title: "FedPepTAO",
    publication: publications.fedPepTao,
    deviations: [
      "Unless the base is the official preset, the settings are this project's defaults and not those of the public code.",
      "With initial prompts from counting, what the counting rounds train is kept: the method trains in so many rounds more than the others, and is charged their bytes and seconds.",
      "One dropout mask is drawn for every step, where the public code draws one for every example; so it is under the official preset too.",
    ],
    settings: (base) => ({ ...base, tuning: prefixOf(base), strategy: fedPepTaoOf(base) }),
  },
  adapter: {
    title: "Adapter",
    publication: publications.adapter,
    deviations: [
      averaged,
      optimised,
      "Layer norms stay frozen.",
      "The second matrix starts at 0 and the first at normal(0, 0.01) without truncation, so that adapters start as the identity exactly.",
    ],
    settings: (base) => averagedWith(base, { method: "adapter", bottleneck: 32, ...commonOf(base) }),
  },
  fedPrompt: {
    title: "FedPrompt",
    publication: publications.fedPrompt,
    deviations: [optimised, "Devices are sampled, and their prompts weighted by examples.", linearHead, promptDropout],
    settings: (base) => averagedWith(base, { method: "inputPrompt", promptTokens: tokensOf(base), initial: "normal", ...commonOf(base) }),
  },
  pTuningV2: {
    title: "P-tuning v2",
    publication: publications.pTuningV2,
    deviations: [averaged, optimised, prefixWithoutNetwork],
    settings: pTuning,
  },
  promptTuning: {
    title: "Prompt Tuning",
    publication: publications.promptTuning,
    deviations: [
      averaged,
      "The rate 0.3 is the published one, but the optimiser is AdamW without weight decay in place of Adafactor.",
      "Vocabulary rows are drawn from the first 5,000 tokens, or all of a smaller vocabulary, not from the 5,000 most frequent of a corpus.",
      "What is trained is the difference to those rows, so that prompt dropout draws to them and not to 0.",
      linearHead,
      promptDropout,
    ],
    settings(base) {
      const run = averagedWith(base, { method: "inputPrompt", promptTokens: tokensOf(base), initial: "vocabulary", ...commonOf(base) });
      return { ...run, training: { ...run.training, clientLearningRate: 0.3, weightDecay: 0 } };
    },
  },
  idpg: {
    title: "IDPG",
    publication: publications.idpg,
    deviations: [
      averaged,
      optimised,
      "Of its variants, the one with prompts at the input and plain matrices, without parameterised hypercomplex multiplication and without dropout.",
      "A text's embedding is the mean of the frozen backbone's last states over its tokens, which decoders have too.",
    ],
    settings: (base) => averagedWith(base, { method: "idpg", promptTokens: 5, bottleneck: 16, ...commonOf(base) }),
  },
  attempt: {
    title: "ATTEMPT",
    publication: publications.attempt,
    deviations: [
      averaged,
      optimised,
      "One task at a time: nothing is shared between tasks, and prompt and attention network have one rate.",
      "The task's own prompt starts at normal(0, 0.02) and not at a source's; padding has no part in a text's query.",
      "The source prompts are this project's own, tuned on ag_news, QNLI and BoolQ.",
      linearHead,
      promptDropout,
    ],
    settings(base) {
      const size = { promptTokens: tokensOf(base), bottleneck: 100 };
      return averagedWith(base, { method: "attempt", ...size, sources: ["ag_news", "qnli", "boolq"], ...commonOf(base) });
    },
  },
  latePrompt: {
    title: "LPT",
    publication: publications.latePrompt,
    deviations: [
      averaged,
      optimised,
      "Of its generators the plain two-layer one, without dropout; decoders read the last token where encoders read the first.",
      linearHead,
    ],
    settings: (base) => averagedWith(base, { method: "latePrompt", promptTokens: 5, bottleneck: 128, ...commonOf(base) }),
  },
  momD: {
    title: "MomD",
    publication: publications.momD,
    deviations: [
      fromMemory,
      "Velocities stay on the device and start at 0 in every task; the publication averages them too.",
      "Gradients are clipped, as for every method of the comparison.",
      prefixWithoutNetwork,
    ],
    settings: (base) => trainedWith(pTuning(base), { optimizer: "momentum", weightDecay: 0, resetMoments: true }),
  },
  momSAdamD: {
    title: "MomS+AdamD",
    publication: publications.momSAdamD,
    deviations: [
      fromMemory,
      "The devices' optimiser is AdamW.",
      "The velocity is FedPepTAO's: βV + (1 − β)D, subtracted from the average at a rate that starts as the device's and falls by 1 % a step, where the publication subtracts βV + D from the last global parameters at rate 1. So it moves the average little.",
      "The first round takes the plain average.",
      prefixWithoutNetwork,
    ],
    settings: (base) => ({ ...base, tuning: prefixOf(base), strategy: { ...fedPepTaoOf(base), ...serverMomentumAlone } }),
  },
  lora: {
    title: "LoRA",
    publication: publications.lora,
    deviations: [
      averaged,
      optimised,
      "The factors are averaged each by itself, which is not the average of their products.",
      "A starts at normal values of the same spread as the uniform ones of its code, and nothing is dropped out.",
    ],
    settings: (base) => averagedWith(base, { method: "lora", rank: 8, alpha: 16, ...commonOf(base) }),
  },
  full: {
    title: "Full fine-tuning",
    publication: publications.full,
    deviations: [
      optimised,
      "Embeddings and the language-model head stay frozen, and nothing is dropped out.",
      "What is trained is the difference to the pretrained weights, so that weight decay pulls towards them.",
    ],
    settings: (base) => averagedWith(base, { method: "full", ...commonOf(base) }),
  },
  fedProx: {
    title: "FedProx",
    publication: publications.fedProx,
    deviations: [
      optimised,
      "Devices are sampled uniformly and weighted by examples, and all do the same number of epochs.",
      "The proximal term is part of the gradient that is clipped.",
      "μ is 0.01 unless the base gives one.",
    ],
    settings: (base) => trainedWith(pTuning(base), { proximal: base.training.proximal > 0 ? base.training.proximal : 0.01 }),
  },
  scaffold: {
    title: "SCAFFOLD",
    publication: publications.scaffold,
    deviations: [
      "Gradients are clipped before they are corrected; control variates are the means of the clipped ones (option II).",
      "The server derives the control variates from what devices send, and sends each the difference c − c_i in the run's encoding.",
    ],
    settings: (base) =>
      trainedWith({ ...pTuning(base), strategy: { name: "scaffold", serverLearningRate: 1 } }, { optimizer: "sgd", weightDecay: 0 }),
  },
  fedAdam: {
    title: "FedAdam",
    publication: publications.adaptive,
    deviations: [optimised, weightedByExamples, oneServerRate],
    settings: (base) => ({ ...pTuning(base), strategy: { ...adaptive, optimizer: "adam" } }),
  },
  fedYogi: {
    title: "FedYogi",
    publication: publications.adaptive,
    deviations: [optimised, weightedByExamples, oneServerRate],
    settings: (base) => ({ ...pTuning(base), strategy: { ...adaptive, optimizer: "yogi" } }),
  },
  local: {
    title: "Local training only",
    publication: null,
    deviations: [
      "A control: every device tunes prompts in all layers alone, in the rounds for which it is sampled; one that never is answers with untrained prompts.",
    ],
    settings: (base) => ({ ...pTuning(base), strategy: { name: "local" } }),
  },
  pooled: {
    title: "Pooled training",
    publication: null,
    deviations: [
      "A control: one device holds all examples, so that a round is an epoch over all of them, where a cohort sees its own share only.",
      "Its optimiser goes on from round to round.",
    ],
    settings: (base) => ({
      ...trainedWith(pTuning(base), { resetMoments: false }),
      ...{ roster: "fixed", numDevices: 1, minDevices: 1, cohortSize: 1, partition: { kind: "iid" } },
    }),
  },
  pTuningV2FineTuned: {
    title: "P-tuning v2, fine-tuned locally",
    publication: publications.pTuningV2FineTuned,
    deviations: [
      "As P-tuning v2; after the last round every device trains its local epochs once more, for itself.",
      "All weights of the prompts are tuned: the publication's fine-tuning, not its other two ways to adapt.",
    ],
    settings: (base) => ({ ...pTuning(base), strategy: { name: "fedAvg", fineTuneEpochs: base.training.localEpochs } }),
  },
};

const serverMomentumAlone = {
  selector: "all",
  keepFraction: 1,
  countingRounds: 0,
  initialPrompts: "fresh",
  controlVariates: false,
  pseudoGradient: "displacement",
  serverStep: "parallel",
  serverLearningRate: "client",
  serverLearningRateDecay: 0.99,
} as const;

/** η, β₁, β₂ and τ that the paper's appendix finds good over its tasks. */
const adaptive = { name: "fedOpt", serverLearningRate: 0.01, beta1: 0.9, beta2: 0.99, tau: 1e-3 } as const;

function pTuning(base: RunSettings): RunSettings {
  return averagedWith(base, prefixOf(base));
}

function averagedWith(base: RunSettings, tuning: TuningSettings): RunSettings {
  return { ...base, tuning, strategy: averaging };
}

function trainedWith(run: RunSettings, changes: Partial<TrainingSettings>): RunSettings {
  return { ...run, training: { ...run.training, ...changes } };
}

function prefixOf(base: RunSettings): PrefixTuning {
  return { method: "prefix", promptTokens: tokensOf(base), ...commonOf(base) };
}

/** Prompt tokens of the base, or of the default preset where the base has none. */
function tokensOf({ tuning }: RunSettings): number {
  return "promptTokens" in tuning ? tuning.promptTokens : presets.default.tuning.promptTokens;
}

/** What every method takes over from the base; dropout is of prompts' values, so that methods without prompts have none. */
function commonOf({ tuning }: RunSettings): TuningCommon {
  const { promptDropout, positionsAfterPrefix, head, lossOver } = tuning;
  return { promptDropout, positionsAfterPrefix, head, lossOver };
}

function fedPepTaoOf({ strategy }: RunSettings): FedPepTaoSettings {
  if (strategy.name === "fedPepTao") return strategy;
  if (presets.default.strategy.name !== "fedPepTao") throw new Error("the default preset is of another strategy");
  return presets.default.strategy;
}
