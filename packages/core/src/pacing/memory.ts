import type { Device, DeviceId, Done, RoundPlan, Waiting } from "../task.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { type Pace, type PaceRules, paceAfter, withDeadline } from "./pace.ts";
import { hasResting, withStanding } from "./standing.ts";

/** Rules over a memory of past steps. */
export interface Pacing {
  readonly rules: PaceRules;
  /** Fresh, or as of the last `closing` or `repeated` that was journalled. */
  readonly pace: Pace;
}

/** What is planned from a roster. */
export type Next = RoundPlan | Waiting | Done;

/** The memory of a round loop. */
export interface Memory {
  /** The next plan, from a roster in which some rest and some are on trial, with the deadline that follows from the past. */
  planned(roster: readonly Device[], plan: (roster: readonly Device[]) => Next): Next;
  /** Takes note of how a step's tasks ended, unless it had already been noted; what is to be journalled with it. */
  after(plan: RoundPlan, outcomes: ReadonlyMap<DeviceId, TaskOutcome>, isNoted: boolean): { readonly pace?: Pace };
}

/** A memory that goes on from `pacing`, or that remembers nothing. */
export function createMemory(pacing: Pacing | undefined): Memory {
  if (pacing === undefined) return { planned: (roster, plan) => plan(roster), after: () => ({}) };
  const { rules } = pacing;
  let { pace } = pacing;

  /** Rests are no reason to wait: where too few are left without those who rest, they are asked again. */
  function withRests(roster: readonly Device[], plan: (roster: readonly Device[]) => Next): Next {
    if (rules.backoff === undefined) return plan(roster);
    const next = plan(withStanding(roster, pace.standing));
    const isHeldUp = "waiting" in next && hasResting(roster, pace.standing);
    return isHeldUp ? plan(withStanding(roster, pace.standing, false)) : next;
  }

  return {
    planned(roster, plan) {
      const next = withRests(roster, plan);
      return "tasks" in next ? withDeadline(next, pace, rules) : next;
    },
    after(plan, outcomes, isNoted) {
      if (!isNoted) pace = paceAfter(pace, plan, outcomes, rules);
      return { pace };
    },
  };
}
