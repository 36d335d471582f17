import { z } from "zod";
import { type SettingsOf, withoutDefaults } from "../../settings/shape.ts";

/** Where a run stands when the server takes a step. */
export interface RateMoment {
  /** From 1. */
  readonly round: number;
  readonly numRounds: number;
}

/** What the file of a schedule says of it. */
export interface ServerRateParts<Name extends string, Shape extends z.ZodRawShape> {
  /** `strategy.serverRateSchedule.name` of a run. */
  readonly name: Name;
  /** What the rate does over a run, a sentence. */
  readonly about: string;
  /** Each with its bounds and default. */
  readonly settings: Shape;
  /** What a round's rate is times the strategy's own. */
  factor(settings: SettingsOf<"name", Name, Shape>, moment: RateMoment): number;
}

/** A schedule of the server's rate with the schema of its settings. */
export function declareServerRate<const Name extends string, Shape extends z.ZodRawShape>(parts: ServerRateParts<Name, Shape>) {
  const { name, settings } = parts;
  return {
    ...parts,
    /** As a run has them. */
    schema: z.strictObject({ name: z.literal(name), ...withoutDefaults(settings) }),
    /** What each setting is unless somebody says so. */
    defaults: z.strictObject({ name: z.literal(name), ...settings }).parse({ name }) as SettingsOf<"name", Name, Shape>,
  };
}
