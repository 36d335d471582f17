import { isComputeKind } from "../computing.ts";
import type { RunConditions } from "../settings/runConditions.ts";
import type { DeviceId, RoundPlan } from "../task.ts";
import type { TaskOutcome } from "../taskOutcome.ts";
import { adaptedDeadline, maxDurations } from "./adaptiveDeadline.ts";
import { awaited } from "./closing.ts";
import { freshStanding, type Standing, standingAfter } from "./standing.ts";

/** What a run remembers of its past steps beside the strategy's state: JSON, written into the journal with what each step came to. */
export type Pace = {
  readonly standing: Standing;
  /** Milliseconds from the opening of a step to a contribution, by kind of task, the latest last. */
  readonly durations: { readonly [kind: string]: readonly number[] };
};

/** The settings that need a memory; none of them, and nothing is remembered. */
export type PaceRules = Pick<RunConditions, "backoff" | "adaptiveDeadline" | "deadlineMs">;

/** Before the first step. */
export const freshPace: Pace = { standing: freshStanding, durations: {} };

/** The memory after a step. A device that was waited for in vain counts with the time that it had. */
export function paceAfter(pace: Pace, plan: RoundPlan, outcomes: ReadonlyMap<DeviceId, TaskOutcome>, { backoff }: PaceRules): Pace {
  const standing = backoff === undefined ? pace.standing : standingAfter(pace.standing, plan, outcomes, backoff.maxSteps);
  const expected = new Set(awaited(plan));
  const kind = kindOf(plan);
  const taken = [...outcomes].flatMap(([id, outcome]) => {
    if (outcome.kind === "contributed") return outcome.elapsedMs ?? [];
    return outcome.kind === "late" && expected.has(id) ? (plan.deadlineMs ?? []) : [];
  });
  const known = [...(pace.durations[kind] ?? []), ...taken].slice(-maxDurations);
  return { standing, durations: { ...pace.durations, [kind]: known } };
}

/** The plan with the deadline that follows from the past; one without a deadline of the run's own, as for a compute client, keeps its own. */
export function withDeadline(plan: RoundPlan, { durations }: Pace, rules: PaceRules): RoundPlan {
  if (rules.adaptiveDeadline === undefined || plan.deadlineMs !== rules.deadlineMs || isForCompute(plan)) return plan;
  return { ...plan, deadlineMs: adaptedDeadline(rules, durations[kindOf(plan)] ?? [], plan.attempt) };
}

/** A step's tasks are of one kind. */
function kindOf({ tasks }: RoundPlan): string {
  return tasks[0]?.spec.kind ?? "train";
}

function isForCompute({ tasks }: RoundPlan): boolean {
  return tasks.some(({ spec }) => isComputeKind(spec.kind));
}
