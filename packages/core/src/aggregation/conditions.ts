import { neededContributions } from "../rounds.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import { type AggregationRuleName, aggregationRules, type Rule, ruleOf } from "./table.ts";

/**
 * Which rules a strategy takes: `all` where every mean of updates is the rule's; `wholeUpdates` where updates are merged in another way, so that a rule
 * can leave some out and scale others; `clipping` where they are also of unlike shapes; `none` where nothing is aggregated.
 */
export type TakenRules = "all" | "wholeUpdates" | "clipping" | "none";

/** A setting that a run cannot have, and what to do. */
export interface AggregationFault {
  readonly path: readonly string[];
  readonly error: string;
}

type Sizes = Pick<RunConditions, "roster" | "numDevices" | "minDevices" | "cohortSize" | "quorum">;

/** The fewest updates that a step of this run may close with: the quorum of a cohort from which as many devices are missing as the quorum allows. */
export function fewestUpdates({ roster, numDevices, minDevices, cohortSize, quorum }: Sizes): number {
  const whole = Math.min(cohortSize, roster === "fixed" ? numDevices : minDevices);
  return neededContributions(neededContributions(whole, quorum), quorum);
}

/** Why a run cannot have its rule; null where it can, and where it has none. */
export function aggregationFault(run: Sizes & Parameters<typeof ruleOf>[0], taken: TakenRules, strategy: string): AggregationFault | null {
  const rule = ruleOf(run);
  if (rule === null) return null;
  const names = namesTaken(taken);
  if (!names.includes(rule.name)) {
    return { path: ["aggregation", "name"], error: `${rule.name} does not fit ${strategy}, ${whyNot[taken]}: ${choice(names)}` };
  }
  return shortage(run, rule);
}

/** What the others do not have room for. */
const whyNot: Readonly<Record<TakenRules, string>> = {
  all: "which takes every rule",
  wholeUpdates: "which merges products of factors and not values one by one",
  clipping: "whose devices send factors of unlike ranks, or are dealt to groups of any size",
  none: "which says of no rule that its server keeps to it",
};

function namesTaken(taken: TakenRules): AggregationRuleName[] {
  const names = Object.keys(aggregationRules) as AggregationRuleName[];
  const clipping: readonly AggregationRuleName[] = ["normClipping", "adaptiveClipping"];
  if (taken === "all") return names;
  if (taken === "wholeUpdates") return names.filter((name) => "admit" in aggregationRules[name]);
  return taken === "clipping" ? ["mean", ...clipping] : ["mean"];
}

function choice(names: readonly string[]): string {
  return names.length === 1 ? "leave aggregation out" : `choose ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

function shortage(run: Sizes, { name, needs: { fewest, condition } }: Rule): AggregationFault | null {
  const least = fewestUpdates(run);
  if (least >= fewest) return null;
  const sizes = run.roster === "fixed" ? `numDevices ${run.numDevices}` : `minDevices ${run.minDevices}`;
  return {
    path: ["aggregation", "numByzantine"],
    error: `${name} needs ${condition}, here ${fewest} updates, and a step of this run may close with ${least} (cohortSize ${run.cohortSize}, ${sizes}, quorum ${run.quorum} of a cohort that may itself be short by as much): lower numByzantine, or raise the cohort or the quorum`,
  };
}
