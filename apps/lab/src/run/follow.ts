import { findExpected, isComputeKind, numRoundsIn, plansAfter, type RoundPlan, type RunSettings, remainingSteps } from "@tutti/core";
import type { Status } from "@tutti/protocol";
import { estimateSecondsLeft, rangeOf, type StepRecord, scheduleOf, stageFraction } from "@tutti/record";
import { leftOutText, planText, textsText, withRemarks, zeroShotNote } from "@tutti/report/printed";
import type { Coordinator, CoordinatorEvent } from "@tutti/server";
import type { Display, RunProgress } from "@tutti/terminal";

const protocols = ["personalised", "newcomer", "global"] as const;

/** The last measured accuracies on the test split, such as `personalised 0.612, newcomer 0.570 (of 288 texts)`. */
export function latestAccuracy(steps: readonly StepRecord[]): string | null {
  const evaluations = steps.findLast((step) => step.evaluations.length > 0)?.evaluations ?? [];
  const found = protocols.flatMap(
    (protocol) => evaluations.find((record) => record.protocol === protocol && record.split === "test") ?? [],
  );
  if (found.length === 0) return null;
  const parts = found.map(({ protocol, accuracy }) => `${protocol} ${accuracy.toFixed(3)}`);
  return withRemarks(parts.join(", "), [textsText(rangeOf(found.map(({ numExamples }) => numExamples)))]);
}

/** Lines of plans and of devices without one that are said at most; pages and the report show the others. */
const maxPlanLines = 12;

/** A line for each plan of a step, and for each device that none fits; none for a step without. */
export function planLines(plan: Pick<RoundPlan, "round" | "tasks" | "leftOut">): string[] {
  const lines = [...plansAfter([], plan).map(planText), ...(plan.leftOut ?? []).map(leftOutText)];
  const numMore = lines.length - maxPlanLines;
  return numMore <= 0 ? lines : [...lines.slice(0, maxPlanLines), `and ${numMore} more`];
}

/** What draws a coordinator's run on the display, event by event. */
export function createFollower(
  coordinator: Pick<Coordinator, "steps" | "traffic">,
  settings: RunSettings,
  display: Display,
): (event: CoordinatorEvent) => void {
  const schedule = scheduleOf(settings);
  const find = findExpected(schedule);
  const total = (way: "up" | "down") => Object.values(coordinator.traffic()).reduce((sum, bytes) => sum + bytes[way], 0);
  // a run that is resumed goes on with a step that an earlier process planned
  let current = remainingSteps(schedule, coordinator.steps())[0] ?? null;
  let numTasks = current?.numDevices ?? 0;

  function progress(numDone: number): RunProgress {
    const steps = coordinator.steps();
    const { stage = "train", round = settings.numRounds, spec = null } = current ?? {};
    return {
      stage,
      round,
      kind: spec?.kind ?? "train",
      numDone,
      numTasks,
      numRounds: numRoundsIn(schedule, stage),
      stageFraction: current === null ? 1 : stageFraction(schedule, current, numDone / Math.max(1, numTasks)),
      accuracy: latestAccuracy(steps),
      bytesUp: Math.round(total("up")),
      bytesDown: Math.round(total("down")),
      secondsLeft: estimateSecondsLeft(schedule, steps),
    };
  }

  let said: string | null = null;
  /** Once for each reason: a compute client's step waits while nobody is there to do it. */
  function sayWaiting({ phase, message }: Status): void {
    const reason = phase === "waiting" ? message : null;
    if (reason !== null && reason !== said) display.say(reason);
    said = reason;
  }

  let saidPlans = "";
  /** Once for the same plans: most rounds repeat them. */
  function sayPlans(plan: RoundPlan): void {
    const lines = planLines(plan);
    const text = lines.join("\n");
    if (text === "" || text === saidPlans) return;
    saidPlans = text;
    for (const line of lines) display.say(line);
  }

  return (event) => {
    if (event.kind === "planned") {
      sayPlans(event.plan);
      current = find(event.plan) ?? null;
      numTasks = event.plan.tasks.length;
      display.show(progress(0));
    }
    if (event.kind === "repeated" || event.kind === "waiting") display.say(`${event.kind}: ${event.reason}`);
    if (event.kind === "status" && isComputeKind(current?.spec.kind ?? "train")) sayWaiting(event.status);
    if (event.kind === "status" && event.status.phase === "running") {
      display.show(progress(event.status.tasksIn));
    }
    if (event.kind === "step") {
      const { cohort, evaluations } = event.record;
      display.showClosed(progress(cohort.length));
      const zeroShot = evaluations.find(({ protocol, split }) => protocol === "zeroShot" && split === "test");
      if (zeroShot !== undefined)
        display.say(`zero-shot ${zeroShot.accuracy.toFixed(3)} ${textsText(rangeOf([zeroShot.numExamples]))} (${zeroShotNote})`);
    }
  };
}
