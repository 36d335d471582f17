import { z } from "zod";

const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

/** What every attack of a file has. */
const common = {
  /** As tables call it. */
  name: z.string().min(1).max(60),
  /** Runs are made with each of these shares of the devices attacking. */
  fractions: z.array(z.number().positive().max(0.5)).min(1).describe("shares of the devices, each above 0 and at most 0.5"),
  /** Titles of the methods that are attacked; all when absent. */
  methods: z.array(z.string()).min(1).exactOptional(),
  /** All of the file when absent. */
  seeds: z.array(seed).min(1).exactOptional(),
  /** Which devices attack, and what they draw. */
  attackSeed: z.int().min(0).default(1),
};

const factor = (byDefault: number) => z.number().positive().max(1e6).default(byDefault);

/** A text that is to be read as one class, counted from 0. */
const trigger = z.strictObject({ text: z.string().min(1).max(100), target: z.int().min(0) });

/** An attack as an experiment's file gives it; the formulas are told in `updates.ts`, `poisonedExamples.ts` and `claims.ts`. */
export const attackSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("labelFlip"), ...common }),
  z.strictObject({ kind: z.literal("signFlip"), ...common, factor: factor(5) }),
  z.strictObject({ kind: z.literal("gaussian"), ...common, stdDev: z.number().positive().max(1000).default(1) }),
  z.strictObject({
    kind: z.literal("backdoor"),
    ...common,
    trigger,
    triggeredFraction: z.number().positive().max(1).default(0.5),
    /** S / f when absent. */
    factor: z.number().positive().max(1e6).exactOptional(),
  }),
  /** z is the published bound when absent. */
  z.strictObject({ kind: z.literal("aLittleIsEnough"), ...common, z: z.number().min(0).max(100).exactOptional() }),
  z.strictObject({ kind: z.literal("minMax"), ...common }),
  z.strictObject({ kind: z.literal("falseExamples"), ...common, factor: factor(10) }),
  z.strictObject({ kind: z.literal("falseScores"), ...common, factor: factor(10) }),
]);

/** An attack of an experiment's file, with all defaults. */
export type WrittenAttack = z.output<typeof attackSchema>;
