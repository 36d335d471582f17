import { z } from "zod";
import type { DeclaredMethod } from "../../comparison.ts";
import type { Publication } from "../../publication.ts";
import { type SettingsOf, withoutDefaults } from "../../settings/shape.ts";

/** Where a run stands when the server takes a step. */
export interface RateMoment {
  /** From 1. */
  readonly round: number;
  readonly numRounds: number;
}

/** A method of the comparison that takes a schedule with its default settings. */
export interface ServerRateMethod extends DeclaredMethod {
  readonly title: string;
  /** The method that it is otherwise. */
  readonly of: string;
}

/** What the file of a schedule says of it. */
export interface ServerRateParts<Name extends string, Shape extends z.ZodRawShape, Names extends string> {
  /** `strategy.serverRateSchedule.name` of a run. */
  readonly name: Name;
  readonly title: string;
  readonly publication: Publication | null;
  /** What the rate does over a run, a sentence. */
  readonly about: string;
  /** Each with its bounds and default. */
  readonly settings: Shape;
  /** What a round's rate is times the strategy's own. */
  factor(settings: SettingsOf<"name", Name, Shape>, moment: RateMoment): number;
  /** The methods of the comparison that take it, by name. */
  readonly methods: Readonly<Record<Names, ServerRateMethod>>;
}

/** A schedule of the server's rate with the schema of its settings. */
export function declareServerRate<const Name extends string, Shape extends z.ZodRawShape, const Names extends string>(
  parts: ServerRateParts<Name, Shape, Names>,
) {
  const { name, settings } = parts;
  return {
    ...parts,
    /** As a run has them. */
    schema: z.strictObject({ name: z.literal(name), ...withoutDefaults(settings) }),
    /** What each setting is unless somebody says so. */
    defaults: z.strictObject({ name: z.literal(name), ...settings }).parse({ name }) as SettingsOf<"name", Name, Shape>,
  };
}
