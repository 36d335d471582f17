import { deepFrozen } from "./deepFrozen.ts";
import type { FedPepTaoSettings, PrefixTuning, RunSettings, TrainingSettings } from "./run.ts";

const tuning: PrefixTuning = {
  method: "prefix",
  promptTokens: 16,
  promptDropout: 0.1,
  positionsAfterPrefix: false,
  head: "linear",
  lossOver: "labelWords",
};

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

const strategy: FedPepTaoSettings = {
  name: "fedPepTao",
  selector: "score",
  scoringDropout: false,
  maskPadding: true,
  minScoringBatch: 8,
  scoreLastLayer: false,
  keepFraction: "auto",
  countingRounds: 4,
  countingWarmupSteps: 10,
  initialPrompts: "counting",
  probeDevices: 4,
  lanczosSteps: 30,
  probeScale: "relative",
  serverLearningRate: "client",
  serverLearningRateDecay: 0.99,
  serverLearningRateFloor: 1e-4,
  serverMomentum: 0.9,
  serverStep: "parallel",
  pseudoGradient: "difference",
  controlVariates: true,
};

/** A preset's settings; all presets tune prefixes. */
type PresetRun = RunSettings & { readonly tuning: PrefixTuning };

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

/** The settings of fedpeptao.md §8, complete and frozen: the published program's, ours, and ours cut to a few minutes. */
export const presets: Readonly<Record<"official" | "default" | "demo", PresetRun>> = deepFrozen({ official, default: standard, demo });
