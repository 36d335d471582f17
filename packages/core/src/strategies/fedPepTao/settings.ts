import { z } from "zod";
import { settingChanges } from "../../settingChanges.ts";
import { fractionSchema, integer, layerSelectorSchema, number } from "../../settings/fields.ts";
import { settingLimits as limits } from "../../settings/limits.ts";
import type { StrategySettingsOf } from "../declaration.ts";
import { serverRateSettings } from "../serverRates/table.ts";
import type { StrategyRun } from "../strategy.ts";

/** FedPepTAO's options, Stages A, B and C (fedpeptao.md §§3-5); the defaults are this project's. */
export const fedPepTaoSettings = {
  selector: layerSelectorSchema.default("score"),
  scoringDropout: z.boolean().default(false),
  maskPadding: z.boolean().default(true),
  /** Smallest scoring batch, in examples; the batch is max(B, this), as far as the device has examples. */
  minScoringBatch: integer(1, limits.maxBatchSize).default(8),
  scoreLastLayer: z.boolean().default(false),
  keepFraction: z.union([z.literal("auto"), fractionSchema]).default("auto"),
  countingRounds: integer(0, limits.maxRounds).default(4),
  /** Linear warm-up of the device rate in Stage B, in optimiser steps. */
  countingWarmupSteps: integer(0, limits.maxSteps).default(10),
  initialPrompts: z.enum(["fresh", "counting"]).default("counting"),
  probeDevices: integer(1, limits.maxDevices).default(4),
  lanczosSteps: integer(1, limits.maxLanczosSteps).default(30),
  probeScale: z.enum(["absolute", "relative"]).default("relative"),
  /** η_s, or "client" for the device rate. */
  serverLearningRate: z.union([z.literal("client"), number(0, 10)]).default("client"),
  /** Factor per round. */
  serverLearningRateDecay: fractionSchema.default(0.99),
  serverLearningRateFloor: number(0, 10).default(1e-4),
  /** β. */
  serverMomentum: fractionSchema.default(0.9),
  serverStep: z.enum(["parallel", "sequential"]).default("parallel"),
  pseudoGradient: z.enum(["difference", "displacement"]).default("difference"),
  controlVariates: z.boolean().default(true),
  /** How the devices' layer scores and shares of layers become the run's; absent for their means, which is what runs did before there was a choice. */
  pooling: z.enum(["mean", "median"]).exactOptional(),
  ...serverRateSettings,
};

/** FedPepTAO's options, Stages A, B and C (fedpeptao.md §§3-5). */
export type FedPepTaoSettings = StrategySettingsOf<"fedPepTao", typeof fedPepTaoSettings>;

/** A run of FedPepTAO. */
export type FedPepTaoRun = StrategyRun<FedPepTaoSettings>;

/** Settings of the server step, the only ones that still decide something once the layers are chosen. */
const ofServerStep: readonly string[] = [
  "serverLearningRate",
  "serverLearningRateDecay",
  "serverLearningRateFloor",
  "serverMomentum",
  "serverStep",
  "pseudoGradient",
  "controlVariates",
  "serverRateSchedule",
];

/** Throws, naming the first one, where settings of Stages A and B differ: what they decide is decided when the train stage begins. */
export function requireSettled(before: FedPepTaoSettings, after: FedPepTaoSettings): void {
  const change = settingChanges(before, after).find(({ path }) => !ofServerStep.includes(path.split(".")[0]));
  if (change === undefined) return;
  const found = JSON.stringify(change.after) ?? "nothing";
  throw new Error(
    `strategy.${change.path}: found ${found}, expected ${JSON.stringify(change.before) ?? "nothing"}: the layers were chosen before the first training round; start a new run for another choice`,
  );
}
