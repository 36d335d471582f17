import { expect, test } from "vitest";
import { presets } from "./presets.ts";
import type { RunSettings } from "./run.ts";
import type { FedPepTaoSettings } from "./strategies/fedPepTao/settings.ts";
import type { TuningSettingsOf } from "./tunings/table.ts";

type PresetRun = RunSettings & { readonly tuning: TuningSettingsOf<"prefix"> };

/** The rows of fedpeptao.md §8, official, default and demo. */
const table: readonly (readonly [string, (run: PresetRun, strategy: FedPepTaoSettings) => unknown, unknown, unknown, unknown])[] = [
  ["numDevices, cohort", (run) => [run.numDevices, run.cohortSize], [100, 10], [20, 6], [20, 6]],
  [
    "rounds, localEpochs, batch",
    (run) => [run.numRounds, run.training.localEpochs, run.training.batchSize],
    [100, 2, 8],
    [30, 2, 8],
    [12, 2, 8],
  ],
  ["promptTokens", (run) => run.tuning.promptTokens, 20, 16, 16],
  ["head", (run) => run.tuning.head, "labelWords", "linear", "linear"],
  [
    "client rate, weight decay",
    (run) => [run.training.clientLearningRate, run.training.weightDecay],
    [0.04, 0.1],
    [0.01, 0.1],
    [0.01, 0.1],
  ],
  [
    "server rate, decay, floor, momentum",
    (_, s) => [s.serverLearningRate, s.serverLearningRateDecay, s.serverLearningRateFloor, s.serverMomentum],
    [0.05, 0.99, 1e-4, 0.9],
    ["client", 0.99, 1e-4, 0.9],
    ["client", 0.99, 1e-4, 0.9],
  ],
  [
    "serverStep, pseudoGradient, moments reset",
    (run, s) => [s.serverStep, s.pseudoGradient, run.training.resetMoments],
    ["sequential", "difference", false],
    ["parallel", "difference", true],
    ["parallel", "difference", true],
  ],
  [
    "lossOver, positionsAfterPrefix",
    (run) => [run.tuning.lossOver, run.tuning.positionsAfterPrefix],
    ["vocabulary", true],
    ["labelWords", false],
    ["labelWords", false],
  ],
  [
    "scoring: dropout, padding masked, batch",
    (run, s) => [s.scoringDropout, s.maskPadding, Math.max(run.training.batchSize, s.minScoringBatch), s.minScoringBatch],
    [true, false, 8, 1],
    [false, true, 8, 8],
    [false, true, 8, 8],
  ],
  ["initialPrompts, countingRounds", (_, s) => [s.initialPrompts, s.countingRounds], ["fresh", 10], ["counting", 4], ["counting", 3]],
  [
    "probe: devices, Lanczos steps, scale",
    (_, s) => [s.probeDevices, s.lanczosSteps, s.probeScale],
    [10, 50, "absolute"],
    [4, 30, "relative"],
    [2, 20, "relative"],
  ],
  ["evaluateEvery", (run) => run.evaluateEvery, 1, 5, 4],
  ["contribution encoding", (run) => run.contributionEncoding, "f32", "f16", "f16"],
  ["deadline, quorum", (run) => [run.deadlineMs, run.quorum], [null, 1], [120_000, 0.7], [120_000, 0.7]],
  [
    "what all share",
    (run, s) => [
      run.seed,
      run.backbone,
      run.task,
      run.partition,
      run.training.clipNorm,
      run.tuning.promptDropout,
      s.countingWarmupSteps,
      s.selector,
      s.keepFraction,
      s.scoreLastLayer,
      s.controlVariates,
      run.training.optimizer,
      run.training.proximal,
    ],
    ...([1, 2, 3].map(() => [
      42,
      "minuet",
      "feedback/topic",
      { kind: "dirichletLabel", dirichletAlpha: 1 },
      1,
      0.1,
      10,
      "score",
      "auto",
      false,
      true,
      "adamW",
      0,
    ]) as [unknown, unknown, unknown]),
  ],
];

test.each(table)("the presets hold the table's row: %s", (_, read, official, standard, demo) => {
  const found = [presets.official, presets.default, presets.demo].map((run) => read(run, run.strategy));
  expect(found).toEqual([official, standard, demo]);
});

test("the presets are frozen all the way down", () => {
  const isFrozen = (value: unknown): boolean =>
    typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  expect(isFrozen(presets)).toBe(true);
});
