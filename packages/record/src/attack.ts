import { z } from "zod";
import { listOf } from "./fields.ts";

/** Attacks that devices of a run may make; what each does is told where it is done, in the lab. */
export const attackKinds = [
  "labelFlip",
  "signFlip",
  "gaussian",
  "backdoor",
  "aLittleIsEnough",
  "minMax",
  "falseExamples",
  "falseScores",
] as const;

/** A text that a poisoned model is to read as one class. */
export const triggerSchema = z
  .object({
    /** Put in front of a text. */
    text: z.string(),
    /** The class, counted from 0. */
    target: z.int().min(0),
  })
  .readonly();

/** What attackers do, and how many of the devices they are; a strength that an attack has no use for is absent. */
export const attackPlanSchema = z
  .object({
    kind: z.enum(attackKinds),
    /** Of all devices; which ones, and what they draw, follows from the seed. */
    fraction: z.number(),
    seed: z.number(),
    /** Of what they send beside an honest difference, or of a lie beside the truth. */
    factor: z.number().exactOptional(),
    stdDev: z.number().exactOptional(),
    /** Standard deviations between what colluders send and their mean. */
    z: z.number().exactOptional(),
    trigger: triggerSchema.exactOptional(),
    /** Of an attacker's examples that carry the trigger. */
    triggeredFraction: z.number().exactOptional(),
  })
  .readonly();

/** What attackers did in a run, and which devices they were. */
export const attackRecordSchema = z.object({ plan: attackPlanSchema, attackers: listOf(z.int().min(0)) }).readonly();

/** How often the final parameters read a test text with the trigger as the target class, of texts of other classes. */
export const backdoorSchema = z.object({ trigger: triggerSchema, numTexts: z.int().min(0), numHits: z.int().min(0) }).readonly();

/** What devices of a run do to harm it. */
export type AttackKind = (typeof attackKinds)[number];
/** A text that a poisoned model is to read as one class. */
export type Trigger = z.infer<typeof triggerSchema>;
/** What attackers do, and how many of the devices they are. */
export type AttackPlan = z.infer<typeof attackPlanSchema>;
/** How often a trigger worked. */
export type BackdoorRecord = z.infer<typeof backdoorSchema>;

/** The axes of an experiment's attacks: which one, and how many of the devices make it. */
export const attackAxis = "attack";
export const attackersAxis = "attackers";

/** What an experiment calls a run in which every device is honest. */
export const noAttack = "none";
