import { z } from "zod";
import { integer, number } from "../../settings/fields.ts";
import { settingLimits } from "../../settings/limits.ts";
import type { StrategySettingsOf } from "../declaration.ts";

/** Most coordinates of a search that keeps a whole covariance. */
export const maxFullSize = 500;

/** How the server finds the step size that the devices' means were drawn with; the two agree where λ is even and all devices' step sizes are alike. */
export const stepSizeRuleSchema = z.enum(["published", "program"]);

/** The settings of FedBPT. */
export const fedBptSettings = {
  /** λ, points that a device draws in each iteration. */
  populationSize: integer(2, settingLimits.maxPopulation).default(5),
  /** I, iterations of a device's search in a round. */
  numIterations: integer(1, settingLimits.maxSearchIterations).default(8),
  /** σ of the first round. */
  initialStepSize: number(1e-3, 1e3).default(1),
  /** Whether the search keeps the whole covariance, up to 500 coordinates, or its diagonal. */
  covariance: z.enum(["full", "diagonal"]).default("full"),
  /** The server's estimate of the step size over all iterations: from the better half of the devices (the publication's equation 6), or from all (its program). */
  stepSizeRule: stepSizeRuleSchema.default("published"),
  /** r_p: the share of a text's tokens that are replaced by others in the texts that the fitness divides by; 0 for the plain loss. */
  corruptFraction: number(0, 1).default(0.6),
  /** Most examples that a device judges its points by, drawn again in each round. */
  maxExamples: integer(1, 1_000_000).default(128),
};

/** The settings of FedBPT. */
export type FedBptSettings = StrategySettingsOf<"fedBpt", typeof fedBptSettings>;
