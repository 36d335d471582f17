import { integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { StrategySettingsOf } from "../declaration.ts";

/** The settings of FedDTPT. */
export const fedDtptSettings = {
  /** Edits that a device tries in a round. */
  numTrials: integer(1, settingLimits.maxTrials).default(24),
  /** Words among which each edit's is drawn: those that the masked language model finds likeliest. */
  numCandidates: integer(1, settingLimits.maxCandidates).default(16),
  /** Most of its own examples that a device judges edits by, drawn again in each round. */
  maxExamples: integer(1, 1_000_000).default(64),
  /** The share of the training rows that is public: every device has them, and none its own. */
  publicFraction: number(0.001, 0.5).default(0.05),
  /** Most public examples that edits are judged by, as many of each class as there are. */
  maxPublic: integer(1, 1_000_000).default(32),
  /** Prompts that must have a token, or one close to it, for it to stay. */
  minTokens: integer(1, 1000).default(2),
};

/** The settings of FedDTPT. */
export type FedDtptSettings = StrategySettingsOf<"fedDtpt", typeof fedDtptSettings>;
