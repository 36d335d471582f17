import { integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { RunRule, StrategySettingsOf } from "../declaration.ts";

/** The settings of SLoRA. */
export const sLoraSettings = {
  /** R₁, rounds in which elements of the matrices themselves are trained; LoRA's factors are in all rounds after them. */
  sparseRounds: integer(1, settingLimits.maxRounds).default(5),
  /** δ, the share of a matrix's elements that are trained in those rounds. */
  density: number(1e-6, 1).default(0.01),
};

/** The settings of SLoRA. */
export type SLoraSettings = StrategySettingsOf<"sLora", typeof sLoraSettings>;

/** That a run comes to LoRA's factors, which are what it leaves. */
export const switchesWithinRun: RunRule<SLoraSettings> = {
  of: ["strategy", "numRounds"],
  path: ["strategy", "sparseRounds"],
  error: "the run has fewer rounds, and would end before its differences become LoRA's factors: lower it, or raise numRounds",
  holds: ({ strategy, numRounds }) => strategy.sparseRounds <= numRounds,
};
