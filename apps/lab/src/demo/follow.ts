import type { RunSettings } from "@tutti/core";
import type { Coordinator, StepRecord } from "@tutti/server";
import { textsText, withRemarks } from "../labReport/text.ts";
import { estimateSecondsLeft, type Progress } from "../results/progress.ts";
import { zeroShotNote } from "../results/resultTable.ts";
import type { Display } from "./display.ts";
import { remainingSteps } from "./schedule.ts";

const protocols = ["personalised", "newcomer", "global"] as const;

/** The last measured accuracies on the test split, such as `personalised 0.612, newcomer 0.570 (of 288 texts)`. */
export function latestAccuracy(steps: readonly StepRecord[]): string | null {
  const evaluations = steps.findLast((step) => step.evaluations.length > 0)?.evaluations ?? [];
  const found = protocols.flatMap(
    (protocol) => evaluations.find((record) => record.protocol === protocol && record.split === "test") ?? [],
  );
  if (found.length === 0) return null;
  const parts = found.map(({ protocol, accuracy }) => `${protocol} ${accuracy.toFixed(3)}`);
  return withRemarks(parts.join(", "), [textsText(found.map(({ numExamples }) => numExamples))]);
}

/** Draws a coordinator's run on the display until the returned function is called. */
export function followRun(coordinator: Coordinator, settings: RunSettings, display: Display): () => void {
  const numRounds = (stage: Progress["stage"]) => {
    if (stage === "score") return 1;
    return stage === "train" || settings.strategy.name !== "fedPepTao" ? settings.numRounds : Math.max(1, settings.strategy.countingRounds);
  };
  const total = (way: "up" | "down") => Object.values(coordinator.traffic()).reduce((sum, bytes) => sum + bytes[way], 0);
  let current: Pick<Progress, "stage" | "kind" | "round" | "numTasks"> = { stage: "score", kind: "score", round: 1, numTasks: 0 };

  function progress(numDone: number): Progress {
    const steps = coordinator.steps();
    return {
      ...current,
      numRounds: numRounds(current.stage),
      numDone,
      accuracy: latestAccuracy(steps),
      bytesUp: Math.round(total("up")),
      bytesDown: Math.round(total("down")),
      secondsLeft: estimateSecondsLeft(steps, remainingSteps(settings, steps)),
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
      if (zeroShot !== undefined)
        display.say(`zero-shot ${zeroShot.accuracy.toFixed(3)} ${textsText([zeroShot.numExamples])} (${zeroShotNote})`);
    }
  });
}
