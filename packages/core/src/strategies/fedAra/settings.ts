import { integer } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { StrategySettingsOf } from "../declaration.ts";

/** The settings of FedARA. */
export const fedAraSettings = {
  /** Components that are left in the end, of a matrix on average. */
  targetRank: integer(1, settingLimits.maxWidth).default(4),
  /** First rounds in which every component is trained. */
  warmupRounds: integer(0, settingLimits.maxRounds).default(1),
  /** Last rounds, in which those that are left go on and no more are taken. */
  cooldownRounds: integer(0, settingLimits.maxRounds).default(1),
};

/** The settings of FedARA. */
export type FedAraSettings = StrategySettingsOf<"fedAra", typeof fedAraSettings>;
