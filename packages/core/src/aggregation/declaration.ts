import { z } from "zod";
import type { Publication } from "../publication.ts";
import type { SettingsOf } from "../settings/shape.ts";

/** What the devices of one step sent, in device order. */
export interface Updates {
  /** Each device's values, all tensors behind each other; all of one length. */
  readonly vectors: readonly Float32Array[];
  /** p_i, which sum to 1. */
  readonly weights: readonly number[];
}

/** A device whose update goes on into a sum, and the factor that its values get. */
export interface Admitted {
  /** Its place among the updates. */
  readonly place: number;
  readonly factor: number;
  /** Its share of the sum. */
  readonly weight: number;
}

/** What a rule does with a step's updates. */
interface RuleParts<Settings> {
  readonly title: string;
  /** What the server does, a sentence. */
  readonly about: string;
  /** Null for what needs none. */
  readonly publication: Publication | null;
  /** Where it is not as published, a sentence each. */
  readonly deviations: readonly string[];
  /** Whether all devices count alike, where others are weighted by their examples. */
  readonly countsAlike: boolean;
  /**
   * Whether a multiple of all updates gives that multiple of the result. A rule with a length among its settings is for updates alone: what a server
   * computes of updates that the rule has clipped is within a bound that follows, and is averaged.
   */
  readonly isScaleFree: boolean;
  /** The fewest updates that it can work on, and the condition as its publication writes it. */
  readonly needs: (settings: Settings) => { readonly fewest: number; readonly condition: string };
  /** About how many multiplications it takes for each value of each of n updates. */
  readonly work: (numUpdates: number, settings: Settings) => number;
  /**
   * The largest norm that an update may have before a server derives from it what it keeps of that device, such as a control variate: the norm that
   * all but the f devices of the rule are within.
   */
  readonly maxNorm: (norms: readonly number[], settings: Settings) => number;
  /** The updates of which the rule makes a weighted sum, with factors; absent for a rule that judges values one by one or moves a centre. */
  admit?(updates: Updates, settings: Settings): readonly Admitted[];
  /** The step's one update, in float64. */
  combine(updates: Updates, settings: Settings): Float64Array;
}

/** A rule's file: name, settings, and what it does. */
interface Declared<Name extends string, Shape extends z.ZodRawShape> extends RuleParts<SettingsOf<"name", Name, Shape>> {
  /** `aggregation.name` of a run. */
  readonly name: Name;
  readonly settings: Shape;
}

/** A rule with the schema of its settings. */
export function declareRule<const Name extends string, const Shape extends z.ZodRawShape>(parts: Declared<Name, Shape>) {
  const { name, settings } = parts;
  return {
    ...parts,
    /** What is left out has its default. */
    schema: z.strictObject({ name: z.literal(name), ...settings }),
    /** What each setting is unless somebody says so. */
    defaults: z.strictObject({ name: z.literal(name), ...settings }).parse({ name }) as SettingsOf<"name", Name, Shape>,
  };
}
