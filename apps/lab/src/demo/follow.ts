import { createStrategy, numRoundsIn, type RunSettings } from "@tutti/core";
import type { Coordinator, StepRecord } from "@tutti/server";
import { estimateSecondsLeft, type Progress } from "../results/progress.ts";
import { zeroShotNote } from "../results/resultTable.ts";
import type { Display } from "./display.ts";

const protocols = ["personalised", "newcomer", "global"] as const;

/** The last measured accuracies on the test split, such as `personalised 0.612, newcomer 0.570`. */
export function latestAccuracy(steps: readonly StepRecord[]): string | null {
  const evaluations = steps.findLast((step) => step.evaluations.length > 0)?.evaluations ?? [];
  const parts = protocols.flatMap((protocol) => {
    const found = evaluations.find((record) => record.protocol === protocol && record.split === "test");
    return found === undefined ? [] : [`${protocol} ${found.accuracy.toFixed(3)}`];
  });
  return parts.length === 0 ? null : parts.join(", ");
}

/** Draws a coordinator's run on the display until the returned function is called. */
export function followRun(coordinator: Coordinator, settings: RunSettings, display: Display): () => void {
  const schedule = createStrategy(settings).schedule(settings);
  const total = (way: "up" | "down") => Object.values(coordinator.traffic()).reduce((sum, bytes) => sum + bytes[way], 0);
  const [first] = schedule;
  let current: Pick<Progress, "stage" | "kind" | "round" | "numTasks"> = {
    stage: first?.stage ?? "train",
    kind: first?.spec.kind ?? "train",
    round: 1,
    numTasks: 0,
  };

  function progress(numDone: number): Progress {
    const steps = coordinator.steps();
    return {
      ...current,
      numRounds: numRoundsIn(schedule, current.stage),
      numDone,
      accuracy: latestAccuracy(steps),
      bytesUp: Math.round(total("up")),
      bytesDown: Math.round(total("down")),
      secondsLeft: estimateSecondsLeft(schedule, steps),
    };
  }

  return coordinator.subscribe((event) => {
    if (event.kind === "planned") {
      const { stage, round, tasks } = event.plan;
      current = { stage, round, kind: tasks[0]?.spec.kind ?? "train", numTasks: tasks.length };
      display.show(progress(0));
    }
    if (event.kind === "repeated" || event.kind === "waiting") display.say(`${event.kind}: ${event.reason}`);
    if (event.kind === "status" && event.status.phase === "running") {
      display.show(progress(event.status.tasksIn));
    }
    if (event.kind === "step") {
      const { cohort, evaluations } = event.record;
      display.showClosed(progress(cohort.length));
      const zeroShot = evaluations.find(({ protocol, split }) => protocol === "zeroShot" && split === "test");
      if (zeroShot !== undefined) display.say(`zero-shot ${zeroShot.accuracy.toFixed(3)} (${zeroShotNote})`);
    }
  });
}
