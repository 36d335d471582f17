import { z } from "zod";

/** Noise that tensors of training tasks meet on their way; what each kind does is told where it is done, in the lab. */
export const noiseKinds = ["gaussian", "burst"] as const;

/** Which noise, and how strong it is. */
export const noisePlanSchema = z
  .object({
    kind: z.enum(noiseKinds),
    /** Root mean square of the noise over that of the values that travel together. */
    level: z.number(),
    /** Share of the values that a burst hits. */
    burstFraction: z.number().exactOptional(),
  })
  .readonly();

/** Noise that what travels meets. */
export type NoisePlan = z.infer<typeof noisePlanSchema>;

/** The axes of an experiment's noise: which one, and how strong. */
export const noiseAxis = "noise";
export const levelAxis = "level";

/** What an experiment calls a run in which everything arrives as it was sent. */
export const noNoise = "none";
