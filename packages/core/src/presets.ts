import { deepFrozen } from "./deepFrozen.ts";
import type { RunSettings } from "./run.ts";
import type { TrainingSettings } from "./settings/runConditions.ts";
import { fedPepTao } from "./strategies/fedPepTao/index.ts";
import type { FedPepTaoSettings } from "./strategies/fedPepTao/settings.ts";
import { commonDefaults } from "./tunings/declaration.ts";
import { prefix } from "./tunings/prefix.ts";
import type { TuningSettingsOf } from "./tunings/table.ts";

const tuning: PrefixTuning = { ...prefix.defaults, ...commonDefaults };

const training: TrainingSettings = {
  localEpochs: 2,
  batchSize: 8,
  clientLearningRate: 0.01,
  weightDecay: 0.1,
  clipNorm: 1,
  resetMoments: true,
  optimizer: "adamW",
  proximal: 0,
};

const strategy: FedPepTaoSettings = fedPepTao.defaults;

/** Prompts in every layer. */
type PrefixTuning = TuningSettingsOf<"prefix">;

/** A preset's settings; all presets tune prefixes, with FedPepTAO. */
type PresetRun = RunSettings & { readonly tuning: PrefixTuning; readonly strategy: FedPepTaoSettings };

const standard: PresetRun = {
  seed: 42,
  backbone: "minuet",
  task: "feedback/topic",
  roster: "fixed",
  numDevices: 20,
  maxDevices: 500,
  minDevices: 6,
  cohortSize: 6,
  numRounds: 30,
  evaluateEvery: 5,
  evaluateZeroShot: true,
  deadlineMs: 120_000,
  quorum: 0.7,
  partition: { kind: "dirichletLabel", dirichletAlpha: 1 },
  tuning,
  training,
  strategy,
  contributionEncoding: "f16",
  paramsEncoding: "f16",
};

const demo: PresetRun = {
  ...standard,
  numRounds: 12,
  evaluateEvery: 4,
  strategy: { ...strategy, countingRounds: 3, probeDevices: 2, lanczosSteps: 20 },
};

const official: PresetRun = {
  ...standard,
  numDevices: 100,
  minDevices: 10,
  cohortSize: 10,
  numRounds: 100,
  evaluateEvery: 1,
  deadlineMs: null,
  quorum: 1,
  tuning: { ...tuning, promptTokens: 20, positionsAfterPrefix: true, head: "labelWords", lossOver: "vocabulary" },
  training: { ...training, clientLearningRate: 0.04, resetMoments: false },
  strategy: {
    ...strategy,
    scoringDropout: true,
    maskPadding: false,
    minScoringBatch: 1, // the batch is B
    countingRounds: 10,
    initialPrompts: "fresh",
    probeDevices: 10,
    lanczosSteps: 50,
    probeScale: "absolute",
    serverLearningRate: 0.05,
    serverStep: "sequential",
  },
  contributionEncoding: "f32",
  paramsEncoding: "f32",
};

/** For runs with strangers in them: what guards the numbers, and an operator's time, against participants that mean harm. */
const open: PresetRun = {
  ...standard,
  strategy: { ...strategy, pooling: "median" },
  aggregation: { name: "adaptiveClipping", quantile: 0.5 },
  backoff: { maxSteps: 64 },
  overSelection: 1.3,
  adaptiveDeadline: { deviations: 4, floorMs: 20_000 },
  maxCountedExamples: 1000,
};

/**
 * The settings of fedpeptao.md §8, complete and frozen: the published program's, ours, ours cut to a few minutes, and ours for the open internet.
 */
export const presets: Readonly<Record<"official" | "default" | "demo" | "public", PresetRun>> = deepFrozen({
  official,
  default: standard,
  demo,
  public: open,
});
