import { z } from "zod";
import { integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { Unchanging } from "../../settings/unchanging.ts";
import type { BackwardPasses, RunRule } from "../declaration.ts";

const forwardTierSchema = z.strictObject({
  /** m, directions that a device measures in a round; it sends as many numbers. */
  numDirections: integer(1, settingLimits.maxDirections),
  /** ε: a direction's slope is (loss(W + ε v) − loss(W − ε v)) / 2ε. 0.01 is the publication's program's. */
  perturbation: number(1e-6, 1).default(0.01),
  /** Examples that directions are measured by, drawn in each round. */
  maxExamples: integer(1, 1_000_000).default(64),
});

/** How devices take part that compute forward passes alone. */
export type ForwardTierSettings = Unchanging<z.output<typeof forwardTierSchema>>;

/** The setting of strategies that let them: without it everybody trains by gradients. */
export const forwardTierSettings = { forwardTier: forwardTierSchema.exactOptional() };

/** What a strategy with that setting may have among its own. */
export type WithForwardTier = { readonly forwardTier?: ForwardTierSettings };

/** Measured slopes count by their variance, which no rule of aggregation looks at, and no device tunes anything by them. */
export const tierFits: RunRule<WithForwardTier & { readonly fineTuneEpochs?: number }> = {
  of: ["aggregation", "strategy"],
  path: ["strategy", "forwardTier"],
  error:
    "devices that compute forward passes alone count by the variance of what they measure, and cannot tune W for themselves: leave aggregation out and fineTuneEpochs at 0, or leave forwardTier out",
  holds: ({ aggregation, strategy: { forwardTier, fineTuneEpochs = 0 } }) =>
    forwardTier === undefined || (aggregation === undefined && fineTuneEpochs === 0),
};

/** Which devices need a backward pass: with the setting not all. */
export function passesWithTier({ forwardTier }: WithForwardTier): BackwardPasses {
  return forwardTier === undefined ? "all" : "some";
}
