import { z } from "zod";
import { integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { StrategySettingsOf } from "../declaration.ts";

/** The settings of FedKSeed. */
export const fedKSeedSettings = {
  /** K, seeds of the pool. */
  numSeeds: integer(1, settingLimits.maxSeeds).default(4096),
  /** τ, steps of a device in a round, with two forward passes each. */
  numSteps: integer(1, settingLimits.maxSeedSteps).default(200),
  /** ε of a perturbation, a step of the grid at least; a power of two near the program's 5e-4. */
  perturbation: number(1e-6, 1).default(2 ** -11),
  /** Which seeds are drawn: each as often, or as FedKSeed-Pro does those more often whose scalars were larger. */
  seedProbabilities: z.enum(["uniform", "history"]).default("uniform"),
  /** What a device's scalars weigh by: its examples, or nothing. */
  deviceWeights: z.enum(["examples", "equal"]).default("examples"),
  /** Largest magnitude of a scalar. */
  maxScalar: number(1e-3, 1e4).default(1000),
  /** Tuned values are multiples of 2 to the power of minus this, so that they are the same in whatever order a device adds them up. */
  gridBits: integer(10, 30).default(20),
};

/** The settings of FedKSeed. */
export type FedKSeedSettings = StrategySettingsOf<"fedKSeed", typeof fedKSeedSettings>;
