import { integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { RunRule, StrategySettingsOf } from "../declaration.ts";

/** The settings of FedAdapter. */
export const fedAdapterSettings = {
  /** Layers from the top that are trained at first. */
  startDepth: integer(1, 1024).default(1),
  /** Components of each difference that are trained at first. */
  startWidth: integer(1, settingLimits.maxWidth).default(2),
  /** Layers that a deeper trial has more. */
  depthStep: integer(1, 1024).default(1),
  /** Components that a wider trial has more. */
  widthStep: integer(1, settingLimits.maxWidth).default(2),
  /** Rounds of a trial. */
  trialRounds: integer(1, settingLimits.maxRounds).default(2),
  /** Rounds between two trials, in which all devices train one model; 0 for trials all the time. */
  roundsBetween: integer(0, settingLimits.maxRounds).default(0),
  /** Of the machine that trials are timed for, on paper. */
  flopsPerSecond: number(1e5, 1e16).default(2e9),
  /** Of its link. */
  bytesPerSecond: number(100, 1e12).default(1e6),
  /** Of a text, as work is counted. */
  tokensPerText: integer(1, 65_536).default(32),
};

/** The settings of FedAdapter. */
export type FedAdapterSettings = StrategySettingsOf<"fedAdapter", typeof fedAdapterSettings>;

/** That a trial has a first and a last epoch to compare. */
export const trialsHaveTwoEpochs: RunRule<FedAdapterSettings> = {
  of: ["strategy", "training"],
  path: ["strategy", "trialRounds"],
  error:
    "a trial compares the loss of its first epoch with that of its last: give it 2 rounds, or devices 2 local epochs and no localSteps",
  holds: ({ strategy, training }) => strategy.trialRounds * (training.localSteps === undefined ? training.localEpochs : 1) >= 2,
};
