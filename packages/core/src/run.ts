/** How floats travel: 4 bytes, 2 bytes, or 1 byte with one f32 scale per row (the last axis). */
export type Encoding = "f32" | "f16" | "int8";

/** How a data set is dealt out to devices (fedpeptao.md §2). */
export type PartitionSettings =
  | { readonly kind: "dirichletLabel"; readonly dirichletAlpha: number }
  | { readonly kind: "dirichletQuantity"; readonly dirichletAlpha: number }
  | { readonly kind: "iid" }
  | { readonly kind: "byField" };

/** What is trained and where it enters the backbone. */
export interface TuningSettings {
  readonly method: "prefix";
  /** P, prompt tokens per layer. */
  readonly promptTokens: number;
  /** Share of prompt values zeroed while training. */
  readonly promptDropout: number;
  /** Whether the text's positions start after the prefix (official) or at 0. */
  readonly positionsAfterPrefix: boolean;
  /** Label words at the mask, or a linear head over the mean of the last hidden states. */
  readonly head: "labelWords" | "linear";
  /** What the cross-entropy normalises over when the head is `labelWords`. */
  readonly lossOver: "vocabulary" | "labelWords";
}

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
  /** Whether AdamW's moments and step counter start at zero in every task. */
  readonly resetMoments: boolean;
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

export interface FedAvgSettings {
  readonly name: "fedAvg";
}

export type StrategySettings = FedPepTaoSettings | FedAvgSettings;

/** Everything that decides a run's numbers, with its seed; the schema with bounds is `runSettingsSchema` in the protocol package. */
export interface RunSettings {
  readonly seed: number;
  /** Folder name under public/backbones. */
  readonly backbone: string;
  /** Built-in task such as `feedback/topic`. */
  readonly task: string;
  readonly roster: "fixed" | "open";
  /** N of a fixed roster; the largest number of devices of an open one. */
  readonly numDevices: number;
  /** An open roster starts when so many devices are registered. */
  readonly minDevices: number;
  /** S. */
  readonly cohortSize: number;
  /** T, rounds of Stage C (or of FedAvg). */
  readonly numRounds: number;
  readonly evaluateEvery: number;
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
