import { z } from "zod";
import { fractionSchema, integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { Device } from "../../task.ts";
import { factorRankOf } from "../../tunings/table.ts";
import type { RunRule, StrategySettingsOf } from "../declaration.ts";
import type { DeviceMachine } from "../fedPipe/plan.ts";
import { deviceRanks, rankOf } from "../mixedRanks.ts";

/** From this rate on a machine has this rank. */
const machineRank = z.strictObject({ flopsPerSecond: number(0, 1e16), rank: integer(1, settingLimits.maxWidth) });

/** The settings of HetLoRA. */
export const hetLoraSettings = {
  ...deviceRanks,
  /** Ranks by what a client's machine can do; a device whose client said nothing of its machine has its rank by turns. */
  machineRanks: z.array(machineRank).max(settingLimits.maxDeviceRanks).readonly().default([]),
  /** γ: what is left of a device's rank when its last components have faded; 1 prunes nothing. */
  pruneTo: fractionSchema.default(1),
  /** λ of the penalty with which the last components of a device fade where its loss does not need them. */
  penalty: number(0, 1e4).default(0),
};

/** The settings of HetLoRA. */
export type HetLoraSettings = StrategySettingsOf<"hetLora", typeof hetLoraSettings>;

/** That no device's rank is above the run's. */
export const machineRanksWithinRun: RunRule<HetLoraSettings> = {
  of: ["strategy", "tuning"],
  path: ["strategy", "machineRanks"],
  error: "a rank is above tuning.rank, which the padded factors have: lower it, or give the run a higher rank",
  holds({ strategy, tuning }) {
    const whole = factorRankOf(tuning);
    return whole === null || strategy.machineRanks.every(({ rank }) => rank <= whole);
  },
};

/** The rank that a device starts with, infinite for the run's own: that of the fastest class that its machine reaches, the slowest class for one that reaches none. */
export function firstRankOf(
  settings: HetLoraSettings,
  { id, machine }: Pick<Device, "id"> & { readonly machine?: Pick<DeviceMachine, "flopsPerSecond"> },
): number {
  const classes = [...settings.machineRanks].sort((x, y) => x.flopsPerSecond - y.flopsPerSecond);
  if (machine === undefined || classes.length === 0) return rankOf(settings, id, Number.POSITIVE_INFINITY);
  const reached = classes.filter(({ flopsPerSecond }) => machine.flopsPerSecond >= flopsPerSecond);
  return (reached.at(-1) ?? classes[0]).rank;
}
