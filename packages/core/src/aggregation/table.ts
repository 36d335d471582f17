import { z } from "zod";
import type { Unchanging } from "../settings/unchanging.ts";
import { adaptiveClipping } from "./adaptiveClipping.ts";
import { centredClipping } from "./centredClipping.ts";
import { coordinateMedian } from "./coordinateMedian.ts";
import type { Admitted, Updates } from "./declaration.ts";
import { geometricMedian } from "./geometricMedian.ts";
import { mean } from "./mean.ts";
import { multiKrum } from "./multiKrum.ts";
import { normClipping } from "./normClipping.ts";
import { trimmedMean } from "./trimmedMean.ts";

/** Every rule by which a server makes one update of many, by its name: a new one is a file of its own and a line here. */
export const aggregationRules = {
  mean,
  normClipping,
  adaptiveClipping,
  coordinateMedian,
  trimmedMean,
  multiKrum,
  geometricMedian,
  centredClipping,
} as const;

type Rules = typeof aggregationRules;
type SchemaOf = Rules[keyof Rules]["schema"];

/** `aggregation.name` of a run. */
export type AggregationRuleName = keyof Rules;

/** By which rule a run's server makes one update of many. */
export const aggregationSchema = z.discriminatedUnion(
  "name",
  Object.values(aggregationRules).map(({ schema }) => schema) as [SchemaOf, ...SchemaOf[]],
);

/** By which rule a run's server makes one update of many. */
export type AggregationSettings = Unchanging<z.output<typeof aggregationSchema>>;

/** A declaration as those see it who do not know which one it is. */
interface AnyRule {
  readonly title: string;
  readonly countsAlike: boolean;
  readonly isScaleFree: boolean;
  needs(settings: AggregationSettings): { readonly fewest: number; readonly condition: string };
  work(numUpdates: number, settings: AggregationSettings): number;
  maxNorm(norms: readonly number[], settings: AggregationSettings): number;
  admit?(updates: Updates, settings: AggregationSettings): readonly Admitted[];
  combine(updates: Updates, settings: AggregationSettings): Float64Array;
}

/** A rule with its settings. */
export interface Rule {
  readonly name: AggregationRuleName;
  readonly title: string;
  /** Whether all devices count alike, where others are weighted by their examples. */
  readonly countsAlike: boolean;
  /** Whether a multiple of all updates gives that multiple of the result. */
  readonly isScaleFree: boolean;
  /** The fewest updates that it can work on, and the condition as its publication writes it. */
  readonly needs: { readonly fewest: number; readonly condition: string };
  work(numUpdates: number): number;
  maxNorm(norms: readonly number[]): number;
  /** The updates of which it makes a weighted sum; null for a rule that judges values one by one or moves a centre. */
  readonly admit: ((updates: Updates) => readonly Admitted[]) | null;
  combine(updates: Updates): Float64Array;
}

/** The rule that a run names; null for the mean, which is what runs do without one. */
export function ruleOf({ aggregation }: { readonly aggregation?: AggregationSettings | undefined }): Rule | null {
  if (aggregation === undefined || aggregation.name === "mean") return null;
  const rule: AnyRule = aggregationRules[aggregation.name];
  const { fewest, condition } = rule.needs(aggregation);
  const enough = (updates: Updates) => {
    if (updates.vectors.length >= fewest) return updates;
    throw new Error(`${aggregation.name}: ${updates.vectors.length} updates, expected at least ${fewest} (${condition})`);
  };
  return {
    name: aggregation.name,
    title: rule.title,
    countsAlike: rule.countsAlike,
    isScaleFree: rule.isScaleFree,
    needs: rule.needs(aggregation),
    work: (numUpdates) => rule.work(numUpdates, aggregation),
    maxNorm: (norms) => rule.maxNorm(norms, aggregation),
    admit: rule.admit === undefined ? null : (updates) => rule.admit?.(enough(updates), aggregation) ?? [],
    combine: (updates) => rule.combine(enough(updates), aggregation),
  };
}
