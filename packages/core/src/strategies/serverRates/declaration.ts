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
  readonly summary: string;
  /** Each with its bounds and default. */
  readonly settings: Shape;
  /** What a round's rate is times the strategy's own. */
  factor(settings: SettingsOf<"name", Name, Shape>, moment: RateMoment): number;
}

/** A schedule of the server's rate with the schema of its settings. */
export function declareServerRate<const Name extends string, Shape extends z.ZodRawShape>(parts: ServerRateParts<Name, Shape>) {
  return { ...parts, schema: z.strictObject({ name: z.literal(parts.name), ...withoutDefaults(parts.settings) }) };
}
