import { z } from "zod";

const common = {
  /** As tables call it. */
  name: z.string().min(1).max(60),
  /** Runs are made with each of these. */
  levels: z.array(z.number().positive().max(100)).min(1).describe("noise over signal, each above 0 and at most 100"),
  /** Titles of the methods that meet it; all when absent. */
  methods: z.array(z.string()).min(1).exactOptional(),
};

/** Noise as an experiment's file gives it; the formulas are told in `noisyParams.ts`. */
export const noiseSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("gaussian"), ...common }),
  z.strictObject({ kind: z.literal("burst"), ...common, burstFraction: z.number().positive().max(1).default(0.1) }),
]);

/** Noise of an experiment's file, with all defaults. */
export type WrittenNoise = z.output<typeof noiseSchema>;
