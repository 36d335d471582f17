/** How floats travel: 4 bytes, 2 bytes, or 1 byte with one f32 scale per row (the last axis). */
export type Encoding = "f32" | "f16" | "int8";

/** How a data set is dealt out to devices (fedpeptao.md §2). */
export type PartitionSettings =
  | { readonly kind: "dirichletLabel"; readonly dirichletAlpha: number }
  | { readonly kind: "dirichletQuantity"; readonly dirichletAlpha: number }
  | { readonly kind: "iid" }
  | { readonly kind: "byField" };

/** What all tuning methods share. */
export interface TuningCommon {
  /** Share of prompt values zeroed while training. */
  readonly promptDropout: number;
  /** Whether the text's positions start after the prefix (official) or at 0. */
  readonly positionsAfterPrefix: boolean;
  /** Label words at the mask, or a linear head over the mean of the last hidden states. */
  readonly head: "labelWords" | "linear";
  /** What the cross-entropy normalises over when the head is `labelWords`. */
  readonly lossOver: "vocabulary" | "labelWords";
}

/** Prompts before the keys and values of every layer: P-tuning v2 (https://arxiv.org/abs/2110.07602), FedPepTAO. */
export interface PrefixTuning extends TuningCommon {
  readonly method: "prefix";
  /** P, prompt tokens per layer. */
  readonly promptTokens: number;
}

/** Soft prompt tokens before the text: Prompt Tuning (https://arxiv.org/abs/2104.08691), FedPrompt (https://arxiv.org/abs/2208.12268). */
export interface InputPromptTuning extends TuningCommon {
  readonly method: "inputPrompt";
  readonly promptTokens: number;
  /**
   * Where the prompt starts: at normal(0, 0.02), or at rows of the backbone's word embeddings. With `vocabulary` the trained parameter is the
   * difference to those rows and starts at 0, so that a coordinator needs no backbone; the rows follow from the run's seed.
   */
  readonly initial: "normal" | "vocabulary";
}

/** Two bottleneck MLPs per layer, after attention and after the feed-forward part (Houlsby et al., https://arxiv.org/abs/1902.00751). */
export interface AdapterTuning extends TuningCommon {
  readonly method: "adapter";
  /** Width of the bottleneck. */
  readonly bottleneck: number;
}

/** Low-rank differences of the query and value weights, times alpha / rank (Hu et al., https://arxiv.org/abs/2106.09685). */
export interface LoraTuning extends TuningCommon {
  readonly method: "lora";
  readonly rank: number;
  readonly alpha: number;
}

/** Input prompts that a small network makes from the sentence's embedding (IDPG, https://arxiv.org/abs/2204.04497). */
export interface IdpgTuning extends TuningCommon {
  readonly method: "idpg";
  readonly promptTokens: number;
  /** Width of the generator's hidden layer. */
  readonly bottleneck: number;
}

/** A prompt of the task's own, mixed with frozen source prompts by attention over them (ATTEMPT, https://arxiv.org/abs/2205.11961). */
export interface AttemptTuning extends TuningCommon {
  readonly method: "attempt";
  readonly promptTokens: number;
  /** r, width of the attention network's hidden layer. */
  readonly bottleneck: number;
  /** Names of source prompts; public/prompts/<backbone>/<name>-<promptTokens>.json holds each. */
  readonly sources: readonly string[];
}

/** Prompts made from the hidden states at the middle layer and inserted there (LPT, https://arxiv.org/abs/2210.11292). */
export interface LatePromptTuning extends TuningCommon {
  readonly method: "latePrompt";
  readonly promptTokens: number;
  /** Width of the generator's hidden layer. */
  readonly bottleneck: number;
}

/** Every weight of the layers and of the norm after them; embeddings and the language-model head stay frozen. */
export interface FullTuning extends TuningCommon {
  readonly method: "full";
}

/** What is trained and where it enters the backbone. */
export type TuningSettings =
  | PrefixTuning
  | InputPromptTuning
  | AdapterTuning
  | LoraTuning
  | IdpgTuning
  | AttemptTuning
  | LatePromptTuning
  | FullTuning;

/** Local training on a device (fedpeptao.md §5, step 3). */
export interface TrainingSettings {
  /** E. */
  readonly localEpochs: number;
  /** B, examples per batch. */
  readonly batchSize: number;
  /** η. */
  readonly clientLearningRate: number;
  /** Decoupled weight decay: θ ← θ − η · weightDecay · θ. */
  readonly weightDecay: number;
  /** Largest global norm of a step's gradient. */
  readonly clipNorm: number;
  /** Whether the optimiser's moments and step counter start at zero in every task. */
  readonly resetMoments: boolean;
  /** AdamW, SGD with momentum 0.9, or plain SGD. */
  readonly optimizer: "adamW" | "momentum" | "sgd";
  /** μ of FedProx (https://arxiv.org/abs/1812.06127): μ (θ − start of the task) is added to the gradient before it is clipped; 0 = off. */
  readonly proximal: number;
}

export type LayerSelector = "score" | "naswot" | "l1" | "l2" | "random" | "all" | "first" | "middle" | "last";

/** FedPepTAO's options, Stages A, B and C (fedpeptao.md §§3-5). */
export interface FedPepTaoSettings {
  readonly name: "fedPepTao";
  readonly selector: LayerSelector;
  readonly scoringDropout: boolean;
  readonly maskPadding: boolean;
  /** Smallest scoring batch; the batch is max(B, this), as far as the device has examples. */
  readonly minScoringBatch: number;
  readonly scoreLastLayer: boolean;
  readonly keepFraction: "auto" | number;
  readonly countingRounds: number;
  /** Linear warm-up of the device rate in Stage B, in optimiser steps. */
  readonly countingWarmupSteps: number;
  readonly initialPrompts: "fresh" | "counting";
  readonly probeDevices: number;
  readonly lanczosSteps: number;
  readonly probeScale: "absolute" | "relative";
  /** η_s, or "client" for the device rate. */
  readonly serverLearningRate: number | "client";
  readonly serverLearningRateDecay: number;
  readonly serverLearningRateFloor: number;
  /** β. */
  readonly serverMomentum: number;
  readonly serverStep: "parallel" | "sequential";
  readonly pseudoGradient: "difference" | "displacement";
  readonly controlVariates: boolean;
}

/** Federated averaging (McMahan et al., https://arxiv.org/abs/1602.05629). */
export interface FedAvgSettings {
  readonly name: "fedAvg";
  /** After the last round every device trains so many epochs from W for itself, before the last evaluation; 0 = off. */
  readonly fineTuneEpochs: number;
}

/** FedAdam and FedYogi (Reddi et al., https://arxiv.org/abs/2003.00295, Algorithm 2). */
export interface FedOptSettings {
  readonly name: "fedOpt";
  readonly optimizer: "adam" | "yogi";
  /** η. */
  readonly serverLearningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** τ, degree of adaptivity: it stands beside the root, and v starts at τ². */
  readonly tau: number;
}

/** SCAFFOLD (Karimireddy et al., https://arxiv.org/abs/1910.06378); the devices' optimiser is `sgd`. */
export interface ScaffoldSettings {
  readonly name: "scaffold";
  /** η_g. */
  readonly serverLearningRate: number;
}

/** A control: every device trains alone, and nothing but evaluations travels. */
export interface LocalSettings {
  readonly name: "local";
}

export type StrategySettings = FedPepTaoSettings | FedAvgSettings | FedOptSettings | ScaffoldSettings | LocalSettings;

/** Everything that decides a run's numbers, with its seed; the schema with bounds is `runSettingsSchema` in the protocol package. */
export interface RunSettings {
  readonly seed: number;
  /** Folder name under public/backbones. */
  readonly backbone: string;
  /** Built-in task such as `feedback/topic`. */
  readonly task: string;
  readonly roster: "fixed" | "open";
  /** N of a fixed roster; the shares of the partition. */
  readonly numDevices: number;
  /** The most devices of an open roster. */
  readonly maxDevices: number;
  /** An open roster starts when so many devices are registered. */
  readonly minDevices: number;
  /** S. */
  readonly cohortSize: number;
  /** T, rounds of Stage C (or of FedAvg). */
  readonly numRounds: number;
  readonly evaluateEvery: number;
  /** Whether the first evaluation also looks at the backbone without prompts, label words at the mask. */
  readonly evaluateZeroShot: boolean;
  /** Milliseconds of coordinator uptime a step may take, or null for no deadline. */
  readonly deadlineMs: number | null;
  /** Share of a step's tasks that must be in at the deadline. */
  readonly quorum: number;
  readonly partition: PartitionSettings;
  readonly tuning: TuningSettings;
  readonly training: TrainingSettings;
  readonly strategy: StrategySettings;
  /** Encoding of a contribution's delta y_i − W. */
  readonly contributionEncoding: Encoding;
  /** Encoding of W on its way to the devices. */
  readonly paramsEncoding: Encoding;
}
