import { z } from "zod";
import { fractionSchema, integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { StrategySettingsOf } from "../declaration.ts";

/** The settings of FedPipe. */
export const fedPipeSettings = {
  /** Rank of every matrix in the warm-up round. */
  warmupRank: integer(1, settingLimits.maxWidth).default(4),
  /** Ranks that a matrix may have beside 0; one above the run's counts as the run's. */
  ranks: z.array(integer(1, settingLimits.maxWidth)).min(1).max(16).readonly().default([2, 4, 8]),
  /** Matrices are trained until they have this share of the score mass. */
  scoreMass: fractionSchema.default(0.9),
  /** T, seconds that a round may take on one device. */
  roundSeconds: number(0.001, 86_400).default(60),
  /** Seconds that a client's download of its backbone may take. */
  downloadSeconds: number(0.001, 86_400).default(120),
  /** Of a text, as the planner counts its work. */
  tokensPerText: integer(1, 65_536).default(32),
  /** Bits of the backbones that clients are given, side by side; without any all get the run's. */
  bits: z
    .array(z.union([z.literal(16), z.literal(8), z.literal(4)]))
    .max(3)
    .readonly()
    .default([]),
  /** Smallest batch; batches are the run's, its half, and so on down to here. */
  minBatch: integer(1, settingLimits.maxBatchSize).default(4),
};

/** The settings of FedPipe. */
export type FedPipeSettings = StrategySettingsOf<"fedPipe", typeof fedPipeSettings>;

/** Batch sizes to choose from: the run's, halved as long as it is at least `minBatch`. */
export function batchSizesOf(batchSize: number, minBatch: number): number[] {
  const sizes = [batchSize];
  for (let size = Math.floor(batchSize / 2); size >= minBatch; size = Math.floor(size / 2)) sizes.push(size);
  return sizes;
}
